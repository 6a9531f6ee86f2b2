//! Who may pass a proxy: registries that know users, in front of one that does not.

use std::collections::BTreeSet;
use std::sync::Mutex;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::wire::{Answer, Head};

/// What a client must present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// Nothing; what is presented is passed on.
    Open,
    /// User and password.
    Basic,
    /// A token of `/token`, which wants user and password.
    Bearer,
}

/// A login, and the tokens that it gave out.
pub(crate) struct Gate {
    login: Login,
    password: &'static str,
    tokens: Mutex<(BTreeSet<String>, u32)>,
}

/// Every user is called so.
pub(crate) const USER: &str = "deployer";

impl Gate {
    pub(crate) fn new(login: Login, password: &'static str) -> Self {
        Self { login, password, tokens: Mutex::default() }
    }

    /// Lets everybody pass.
    pub(crate) fn open() -> Self {
        Self::new(Login::Open, "")
    }

    /// Lets a request pass, or answers it.
    pub(crate) fn check(&self, head: &Head, origin: &str) -> Option<Answer> {
        match self.login {
            Login::Open => None,
            Login::Basic => (!self.knows_user(head)).then(|| challenge("Basic realm=\"chaos\"".to_owned())),
            Login::Bearer if head.path() == "/token" => Some(self.token(head)),
            Login::Bearer => (!self.knows_token(head)).then(|| {
                challenge(format!("Bearer realm=\"{origin}/token\",service=\"chaos\",scope=\"repository:x:pull\""))
            }),
        }
    }

    /// Makes all tokens invalid.
    pub(crate) fn forget(&self) {
        self.tokens.lock().unwrap().0.clear();
    }

    /// Says whether what is presented must not be passed on.
    pub(crate) fn is_closed(&self) -> bool {
        self.login != Login::Open
    }

    fn knows_user(&self, head: &Head) -> bool {
        head.header("authorization") == Some(&format!("Basic {}", encoded(self.password)))
    }

    fn knows_token(&self, head: &Head) -> bool {
        let token = head.header("authorization").and_then(|text| text.strip_prefix("Bearer "));
        token.is_some_and(|token| self.tokens.lock().unwrap().0.contains(token))
    }

    /// Tokens begin with the password, so that one search finds both.
    fn token(&self, head: &Head) -> Answer {
        if !self.knows_user(head) {
            return challenge("Basic realm=\"chaos\"".to_owned());
        }
        let mut tokens = self.tokens.lock().unwrap();
        tokens.1 += 1;
        let token = format!("{}.{}", self.password, tokens.1);
        tokens.0.insert(token.clone());
        let body = format!("{{\"token\":\"{token}\",\"expires_in\":300}}");
        Answer::new(200).with("Content-Type", "application/json").body(body)
    }
}

fn challenge(text: String) -> Answer {
    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
    Answer::new(401).with("WWW-Authenticate", text).with("Content-Type", "application/json").body(body)
}

/// User and password as they travel.
pub(crate) fn encoded(password: &str) -> String {
    BASE64_STANDARD.encode(format!("{USER}:{password}"))
}
