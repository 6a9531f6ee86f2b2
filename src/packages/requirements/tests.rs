use proptest::prelude::*;

use pep508_rs::VersionOrUrl;

use super::*;

fn check(text: &str, message: &str, at: &str, help: &str) {
    let error = parse(text).expect_err(text);
    assert!(error.message.contains(message), "{text}: {}", error.message);
    assert_eq!(&text[error.range], at, "{text}");
    assert!(error.help.contains(help), "{text}: {}", error.help);
}

#[test]
fn what_is_no_requirement_is_refused_with_its_place() {
    check("requests >== 2", "no such comparison operator", ">== 2", "PEP 508");
    check("a-b- >1", "`a-b-` ends with", "a-b- >1", "PEP 508");
    check("a[b_, c]", "`b_` ends with", "a[b_, c]", "PEP 508");
    check("a ; python_versio > '3'", "python_versio", "python_versio", "PEP 508");
    check("-r other.txt", "option", "-r other.txt", "`dependencies:`");
    check("git+https://example.org/a.git", "repository", "git+https://example.org/a.git", "--find-links");
    check("a @ git+https://example.org/a.git", "built", "a @ git+https://example.org/a.git", "--find-links");
    check("./a-1-py3-none-any.whl", "path", "./a-1-py3-none-any.whl", "--find-links");
    check("a @ file:///a-1-py3-none-any.whl", "path", "a @ file:///a-1-py3-none-any.whl", "--find-links");
    let unpinned = "a @ https://example.org/a-1-py3-none-any.whl";
    check(unpinned, "no `#sha256=…`", unpinned, "a-1-py3-none-any.whl#sha256=HEX");
    assert!(parse(&format!("{unpinned}#sha256={}", "0".repeat(64))).is_ok());
    check("https://example.org/a.whl", "URL", "https://example.org/a.whl", "--find-links");
    check("", "", "", "PEP 508");
}

#[test]
fn a_secret_is_not_repeated() {
    for text in [
        "six @ https://user:s3cr3t@example.com/six.whl",
        "--index-url https://u:s3cr3t@x/simple",
        "git+https://s3cr3t@github.com/a/b",
        "six @ https://example.com/six.whl?token=s3cr3t",
        "six @ https://u:s3cr3t@[x/six.whl",
        &format!("six @ https://{}s3cr3t{}@x/six.whl", "a".repeat(94), "a".repeat(40)),
    ] {
        let message = parse(text).expect_err(text).message;
        assert!(!message.contains("s3cr3t"), "{text}: {message}");
        assert!(!shown(text).contains("s3cr3t"), "{}", shown(text));
    }
}

#[test]
fn environment_variables_are_not_filled_in() {
    let error = parse("a @ https://example.org/${HOME}/a.whl").expect_err("direct");
    assert!(!error.message.contains(&std::env::var("HOME").unwrap_or_else(|_| "/".to_owned())));
}

#[test]
fn a_requirement_that_is_too_much_is_refused() {
    let deep = format!("a ; {}python_version > '3'{}", "(".repeat(10_000), ")".repeat(10_000));
    for text in [deep, format!("a{}", ">1,".repeat(10_000)), "é".repeat(5000)] {
        assert!(parse(&text).is_err());
    }
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in "\\PC{0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_requirement_is_too_odd(
        name in "[a-z_.-]{1,3} ?(\\[[a-z., é_-]{0,6}\\]?)?",
        specifiers in "(==|~=|!=|<|>=|===|>)? ?[0-9vab.*!+rcpostdev-]{0,24}(, ?(<|>)=?[0-9]{0,22})?",
        marker in "( ?; ?(python_version|python_full_version|sys_platform|extra|os_name|'a') ?(in|not in|==|~=|<|>=) ?['\"]?[0-9a-z.* é]{0,22}['\"]?)?",
    ) {
        if let Ok(requirement) = parse(&format!("{name}{specifiers}{marker}")) {
            let _ = requirement.to_string();
            if let Some(VersionOrUrl::VersionSpecifier(specifiers)) = requirement.version_or_url {
                let _ = specifiers.contains(&"1.0".parse().unwrap());
            }
        }
    }
}
