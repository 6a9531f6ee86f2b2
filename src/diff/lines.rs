//! Two texts into how many lines were added and removed, as `diff` counts them.

use std::collections::HashMap;

/// How many lines of a text changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineCount {
    /// Lines that are new.
    pub added: usize,
    /// Lines that are gone.
    pub removed: usize,
}

/// From so many changes on, the shortest way from one text to the other is not looked for any more.
const MOST_CHANGES: usize = 2_000;

impl LineCount {
    /// Counts the lines that differ; none when the texts are equal.
    #[must_use]
    pub fn between(before: &str, now: &str) -> Option<Self> {
        if before == now {
            return None;
        }
        let mut numbers = HashMap::new();
        let (before, now) = (numbered(before, &mut numbers), numbered(now, &mut numbers));
        let (before, now) = middle(&before, &now);
        let changes = distance(before, now).unwrap_or(before.len() + now.len());
        // Every change adds or removes one line, and the difference of both is known.
        let added = (changes + now.len()).saturating_sub(before.len()) / 2;
        Some(Self { added, removed: changes - added })
    }
}

/// Returns a number for each line, the same for equal ones. Lines keep their ends: a last line without one differs.
fn numbered<'a>(text: &'a str, numbers: &mut HashMap<&'a str, usize>) -> Vec<usize> {
    let mut number = |line| {
        let next = numbers.len();
        *numbers.entry(line).or_insert(next)
    };
    text.split_inclusive('\n').map(&mut number).collect()
}

/// Leaves out what both begin and end with.
fn middle<'a>(before: &'a [usize], now: &'a [usize]) -> (&'a [usize], &'a [usize]) {
    let start = before.iter().zip(now).take_while(|(one, other)| one == other).count();
    let (before, now) = (&before[start..], &now[start..]);
    let end = before.iter().rev().zip(now.iter().rev()).take_while(|(one, other)| one == other).count();
    (&before[..before.len() - end], &now[..now.len() - end])
}

/// Returns the least number of lines to add and remove (Myers, "An O(ND) Difference Algorithm", 1986), unless it is large.
fn distance(before: &[usize], now: &[usize]) -> Option<usize> {
    let most = (before.len() + now.len()).min(MOST_CHANGES);
    // How far one comes in `before` on each diagonal, shifted so that the lowest is at 0.
    let mut reached = vec![0_usize; 2 * most + 3];
    let at = |diagonal: isize| (diagonal + most as isize + 1) as usize;
    for changes in 0..=most as isize {
        for diagonal in (-changes..=changes).step_by(2) {
            let (down, right) = (reached[at(diagonal + 1)], reached[at(diagonal - 1)] + 1);
            let from_above = diagonal == -changes || (diagonal != changes && right <= down);
            let mut x = if from_above { down } else { right };
            let mut y = (x as isize - diagonal) as usize;
            while x < before.len() && y < now.len() && before[x] == now[y] {
                (x, y) = (x + 1, y + 1);
            }
            reached[at(diagonal)] = x;
            if x >= before.len() && y >= now.len() {
                return Some(changes as usize);
            }
        }
    }
    None
}
