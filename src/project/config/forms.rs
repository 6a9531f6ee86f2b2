//! What texts in leoflow.yaml look like, as far as regular expressions can say it; `rules` has the last word.

use super::key::Form;

pub(super) const NAME: Form = Form::new("a name", r"^\S(.*\S)?$");
pub(super) const DAG_ID: Form =
    Form::new("1 to 200 letters, digits, `_` and `-`, not starting with `-`", "^[a-zA-Z0-9_][a-zA-Z0-9_-]{0,199}$");
pub(super) const TASK_ID: Form =
    Form::new("1 to 250 letters, digits, `_`, `-` and `.`", r"^[^\s!-,/:-@\[-\^`{-~]{1,250}$");
pub(super) const IMAGE: Form = Form::new("an image reference, or a file: `oci:PATH[:NAME]`", r"^\S+$").never("://");
pub(super) const REQUIREMENT: Form = Form::new("a requirement (PEP 508)", r"^\S(.*\S)?$").never("^-|^[^@;]*[|&]");
pub(super) const DEBIAN_PACKAGE: Form = Form::new("the name of a Debian package", "^[a-z0-9][a-z0-9+.-]+$");
pub(super) const PATH: Form =
    Form::new("a path in the project", r"^[^/~\\\s]([^\\]*[^\\\s])?$").never(r"(^|/)\.\.(/|$)");
pub(super) const PYTHON_FILE: Form =
    Form::new("a Python file in the project", r"^[^/~\\\s][^\\]*\.py$").never(r"(^|/)\.\.(/|$)");
pub(super) const PATTERN: Form = Form::new("a pattern in gitignore syntax", r"\S").never("^!$");
pub(super) const CONTEXT: Form = Form::new("`.`", r"^\./?$");
pub(super) const PLATFORM: Form = Form::new("a platform like `linux/amd64`", "^linux/[a-z0-9]+(/[a-z0-9]+)?$");
pub(super) const IMAGE_LABEL: Form = Form::new("a key", r"^[^\s=]+$");
pub(super) const REGISTRY_URL: Form =
    Form::new("a host and a path, without `https://`", r"^\S+$").never("://|@|/$|/.*[A-Z]");
pub(super) const IMAGE_NAME: Form =
    Form::new("a lowercase name", "^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*$");
pub(super) const ENV_NAME: Form =
    Form::new("letters, digits, `_`, `-` and `.`, the first not a digit", "^[A-Za-z_.-][A-Za-z0-9_.-]*$");
pub(super) const KUBERNETES_KEY: Form = Form::new(
    "`[prefix/]name`, as Kubernetes has it",
    "^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$",
);
pub(super) const LABEL_VALUE: Form =
    Form::new("at most 63 letters, digits, `-`, `_` and `.`", "^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$");
/// Kubernetes, `resource.Quantity`, not below zero.
pub(super) const QUANTITY: Form =
    Form::new("a quantity", r"^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?$");
