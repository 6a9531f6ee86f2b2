//! `auth_method: env`.

use leoflow::credentials::{Credential, LoginMethod};
use leoflow::secret::Secret;

use super::machine::{Machine, basic};

fn machine(variables: &[(&str, &str)]) -> Machine {
    let machine = Machine::new(LoginMethod::Environment);
    variables.iter().fold(machine, |machine, (name, value)| machine.set(&format!("LEOFLOW_REGISTRY_{name}"), *value))
}

#[tokio::test]
async fn variables_hold_one_credential() {
    for (variables, expected) in [
        (&[("USERNAME", "me"), ("PASSWORD", "hush")][..], basic("me", "hush")),
        (&[("TOKEN", "hush")], Credential::Bearer(Secret::new("hush"))),
        (&[("IDENTITY_TOKEN", "hush")], Credential::IdentityToken(Secret::new("hush"))),
        (&[("USERNAME", "<token>"), ("PASSWORD", "hush")], Credential::IdentityToken(Secret::new("hush"))),
    ] {
        let issued = machine(variables).ask("r.example.com").await.unwrap();
        assert_eq!((issued.credential, issued.lifetime), (expected, None));
    }
}

#[tokio::test]
async fn none_half_of_one_and_two_are_errors() {
    for (variables, expected) in [
        (&[][..], "neither LEOFLOW_REGISTRY_USERNAME and LEOFLOW_REGISTRY_PASSWORD nor LEOFLOW_REGISTRY_TOKEN are set"),
        (&[("USERNAME", "me"), ("PASSWORD", "")], "LEOFLOW_REGISTRY_PASSWORD is not"),
        (&[("PASSWORD", "hush")], "LEOFLOW_REGISTRY_USERNAME is not"),
        (&[("TOKEN", "hush"), ("IDENTITY_TOKEN", "hush")], "more than one credential"),
        (
            &[("USERNAME", "me"), ("PASSWORD", "hush"), ("TOKEN", "hush")],
            "LEOFLOW_REGISTRY_USERNAME, LEOFLOW_REGISTRY_PASSWORD, LEOFLOW_REGISTRY_TOKEN are set",
        ),
    ] {
        Machine::check_failure(machine(variables).ask("r.example.com").await, &[expected]);
    }
}
