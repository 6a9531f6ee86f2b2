//! One live line: as much of it as fits.

use super::fit::{middle, width};
use super::style::{Style, painted};

/// Columns before what a line says: a word of ten letters, and two spaces.
pub(super) const INDENT: usize = 12;
/// What a line is about is not made narrower than this for the sake of what is said about it, in columns.
const LEGIBLE: usize = 12;

/// What a live line says, before it is known how wide it may be.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// What is being done.
    pub(super) word: String,
    /// What it is done to.
    pub(super) what: String,
    /// How it goes on; where there is little room, only the first of these are shown.
    pub(super) facts: Vec<String>,
}

impl Row {
    /// Returns the line in at most `columns`.
    pub(super) fn drawn(&self, columns: usize) -> String {
        let room = columns.saturating_sub(INDENT);
        let facts = self.fitting(room.saturating_sub(width(&self.what).min(LEGIBLE)));
        let what = middle(&self.what, room.saturating_sub(width(&facts)));
        let said = if what.is_empty() { facts.trim_start() } else { &format!("{what}{facts}") };
        let word = painted(Style::Doing, &format!("{:>10}", self.word));
        format!("{word}  {}", middle(said, room))
    }

    /// Returns as many facts as fit.
    fn fitting(&self, room: usize) -> String {
        let mut facts = String::new();
        for fact in &self.facts {
            if width(&facts) + width(fact) + 2 > room {
                break;
            }
            facts.push_str("  ");
            facts.push_str(fact);
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_little_room_what_matters_less_falls_away() {
        let facts = ["16%", "34.20 MiB of 210.00 MiB", "12.00 MiB/s"].map(str::to_owned).to_vec();
        let row = Row { word: "Uploading".into(), what: "registry.example.com/etl".into(), facts };
        for (columns, expected) in [
            (100, " Uploading  registry.example.com/etl  16%  34.20 MiB of 210.00 MiB  12.00 MiB/s"),
            (80, " Uploading  registry.e…le.com/etl  16%  34.20 MiB of 210.00 MiB  12.00 MiB/s"),
            (60, " Uploading  registry….com/etl  16%  34.20 MiB of 210.00 MiB"),
            (40, " Uploading  registry.ex…e.com/etl  16%"),
            (20, " Uploading  regi…etl"),
            (12, " Uploading  "),
            (0, " Uploading  "),
        ] {
            let drawn = anstream::adapter::strip_str(&row.drawn(columns)).to_string();
            assert_eq!(drawn, expected, "in {columns}");
        }
    }
}
