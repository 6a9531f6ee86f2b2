//! The known word that an unknown one was probably meant to be.

/// Returns the nearest of the known words, if one is near enough to be worth asking about.
///
/// Case, `_` and `-` don't count (`baseImage` is near `base_image`), and a whole word inside a key is near too
/// (`timeout` is near `execution_timeout_seconds`).
pub(super) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let plain = simplify(word);
    let distance = |name: &str| strsim::osa_distance(&plain, &simplify(name));
    // Of two that are equally near, the one with a letter more: fingers drop letters oftener than they exchange them.
    let lacks = |name: &str| plain.chars().filter(|&c| !name.contains(c)).count();
    let near = known.iter().copied().map(|name| (distance(name), lacks(name), name)).min()?;
    if near.0 * 3 <= plain.chars().count().max(3) {
        return Some(near.2);
    }
    let lower = word.to_ascii_lowercase().replace('-', "_");
    let holds = |name: &&'static str| name.split('_').any(|part| part == lower) && lower.len() > 2;
    known.iter().copied().find(|name| holds(name))
}

fn simplify(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}
