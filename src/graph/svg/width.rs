//! How wide a text is, without a font at hand.

/// Advance widths of Helvetica's printable ASCII, from U+0020, in thousandths of the font's size (Adobe's AFM files; Arial
/// has the same).
const ASCII: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// Fonts that stand in for Helvetica are wider, in per cent; DejaVu Sans is the widest in use.
const MARGIN: f64 = 1.12;

/// Returns the width of a text in pixels, rather too much than too little.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let thousandths: u32 = text.chars().map(advance).sum();
    f64::from(thousandths) * size * MARGIN / 1000.0
}

/// Other alphabets are taken for wide, and what East Asia writes for square.
fn advance(c: char) -> u32 {
    let ascii = u32::from(c).checked_sub(32).and_then(|at| ASCII.get(at as usize));
    match ascii {
        Some(width) => u32::from(*width),
        None if u32::from(c) >= 0x1100 => 1000,
        None => 700,
    }
}

/// Returns a text that is no wider than `limit` pixels: the middle is left out, since ids differ at their ends.
pub(super) fn elided(text: &str, size: f64, limit: f64) -> String {
    if width(text, size) <= limit {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let shortened = (1..characters.len()).rev().map(|kept| {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let parts = [&characters[..head], &['…'], &characters[characters.len() - tail..]];
        parts.concat().into_iter().collect::<String>()
    });
    shortened.into_iter().find(|shorter| width(shorter, size) <= limit).unwrap_or_else(|| "…".to_owned())
}
