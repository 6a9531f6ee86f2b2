//! What must never be seen where it does not belong.

use super::gate::encoded;

pub(crate) const BASE_PASSWORD: &str = "open-sesame-of-the-base";
pub(crate) const TARGET_PASSWORD: &str = "open-sesame-of-the-target";
pub(crate) const CONTROL_PLANE_TOKEN: &str = "open-sesame-of-the-control-plane";

/// What each of the four may be shown.
pub(crate) fn allowed(server: usize) -> &'static [&'static str] {
    match server {
        0 => &[BASE_PASSWORD],
        1 => &[TARGET_PASSWORD],
        2 => &[CONTROL_PLANE_TOKEN],
        _ => &[],
    }
}

/// Every form in which the secrets of a run travel.
pub(crate) fn secrets() -> Vec<(&'static str, String)> {
    let password = |text: &'static str| [(text, text.to_owned()), (text, encoded(text))];
    let passwords = [BASE_PASSWORD, TARGET_PASSWORD].into_iter().flat_map(password);
    passwords.chain([(CONTROL_PLANE_TOKEN, CONTROL_PLANE_TOKEN.to_owned())]).collect()
}
