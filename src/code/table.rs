//! The codes by number. E001 to E029 are about leoflow.yaml and the project, E030 to E079 about dag.py and authoring, E080
//! to E089 about what dag.py may not do and its limits, E090 to E099 about dag.json; a W warns.

use super::{Code, Entry};

macro_rules! codes {
    ($($name:ident $number:literal),* $(,)?) => {
        impl Code {
            $(
                #[doc = concat!("`", $number, "`; its text is `src/code/", $number, ".md`.")]
                pub const $name: Self =
                    Self(&Entry { name: stringify!($name), number: $number, text: include_str!(concat!($number, ".md")) });
            )*

            /// Every code, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    NOT_YAML "E001",
    YAML_FEATURE "E002",
    YAML_TOO_LARGE "E003",
    NO_MAPPING "E004",
    UNKNOWN_KEY "E005",
    DUPLICATE_KEY "E006",
    MISSING_KEY "E007",
    WRONG_TYPE "E008",
    NOT_ONE_OF "E009",
    OUT_OF_RANGE "E010",
    BAD_QUANTITY "E011",
    BAD_IDENTIFIER "E012",
    BAD_TEXT "E013",
    BAD_IMAGE_REFERENCE "E014",
    BAD_PATH "E015",
    BAD_PATTERN "E016",
    BAD_PLATFORM "E017",
    BAD_PACKAGE_NAME "E018",
    BAD_KUBERNETES_NAME "E019",
    BELONGS_IN_DAG "E020",
    NO_DOCKERFILE "E021",
    UNKNOWN_TASK "E022",
    UNKNOWN_CONNECTOR "E023",
    NO_PROJECT "E024",
    FILE_LEFT_OUT "E025",
    UNPACKABLE_FILE "E026",
    SUSPECT_FILE "E027",
    SYNTAX_ERROR "E030",
    EXCEPTION "E031",
    NO_SUCH_NAME "E032",
    NO_SUCH_MODULE "E033",
    MOVED_MODULE "E034",
    HOOK_AT_TOP "E035",
    NOT_IN_AIRFLOW "E036",
    NOT_IN_DAG_JSON "E037",
    SOURCE_UNREADABLE "E038",
    NO_DAG "E040",
    OTHER_DAG_ID "E041",
    DUPLICATE_ID "E042",
    DAG_NOT_CALLED "E043",
    EMPTY_DAG "E044",
    BAD_SCHEDULE "E045",
    UNSUPPORTED_SCHEDULE "E046",
    BAD_PARAM "E047",
    START_FROM_CLOCK "E048",
    UNKNOWN_TIME_ZONE "E049",
    UNSUPPORTED_OPERATOR "E050",
    UNSUPPORTED_DECORATOR "E051",
    DYNAMIC_MAPPING "E052",
    SETUP_TEARDOWN "E053",
    UNSUPPORTED_ARGUMENT "E054",
    UNKNOWN_ARGUMENT "E055",
    MISSING_ARGUMENT "E056",
    BAD_ARGUMENT "E057",
    UNKNOWN_TRIGGER_RULE "E058",
    CYCLE "E059",
    NO_DAG_FOR_TASK "E060",
    OTHER_DAG "E061",
    BAD_EDGE "E062",
    NOT_CALLED "E063",
    NOT_JSON "E064",
    DOES_NOT_BIND "E065",
    MIXED_RESULTS "E066",
    RESULT_NOT_KNOWN "E067",
    FUNCTION_NOT_FOUND "E068",
    BASH_COMMAND "E069",
    NOT_WHILE_COMPILING "E070",
    UNDECLARED_PROVIDER "E071",
    PACKAGE_USED "E072",
    ARGUMENTS_TOO_LARGE "E073",
    SET_LATER "E074",
    REFUSED "E080",
    FILE_REFUSED "E081",
    ENVIRONMENT "E082",
    TIME_LIMIT "E083",
    INTERPRETER_STOPPED "E084",
    NOT_TO_THE_END "E085",
    NO_INTERPRETER "E086",
    NOT_A_SPEC "E090",
    DEPRECATED_PYTHON "W001",
    THOUSANDTHS_OF_A_BYTE "W002",
    UNSTEADY "W003",
}
