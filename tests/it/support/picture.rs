//! A screen as a picture: an SVG of its text, each run of one colour where it stands.

use std::fmt::Write;

use vt100::{Cell, Color, Screen};

/// How wide and how high a character is, in pixels.
const ADVANCE: f64 = 8.4;
const LINE: f64 = 18.0;
/// What surrounds the text, in pixels.
const MARGIN: f64 = 16.0;
const BACKGROUND: &str = "#1d1f21";
const FOREGROUND: &str = "#d4d7d6";
/// Black, red, green, yellow, blue, magenta, cyan, white; then the same, brighter.
const PALETTE: [&str; 16] = [
    "#1d1f21", "#cc6666", "#a3be6c", "#e5c07b", "#81a2be", "#b294bb", "#7fc4cc", "#c5c8c6", "#666a6d", "#e06c75",
    "#b5d17b", "#f0d58c", "#8fb8de", "#c9a6d6", "#95dbe3", "#ffffff",
];

/// Characters that look alike, side by side.
struct Run {
    column: u16,
    text: String,
    style: String,
}

/// Returns a picture of what stands on the screen.
pub fn svg(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let rows: Vec<Vec<Run>> = (0..rows.get()).map(|row| runs(screen, row, columns.get())).collect();
    let height = rows.iter().rposition(|runs| !runs.is_empty()).map_or(0, |last| last + 1);
    let size = (f64::from(columns.get()) * ADVANCE + 2.0 * MARGIN, height as f64 * LINE + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0}\" height=\"{:.0}\" font-size=\"14\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n",
        size.0, size.1
    );
    for (number, runs) in rows[..height].iter().enumerate() {
        let y = MARGIN + LINE * (number as f64 + 0.75);
        let _ = writeln!(svg, "<text y=\"{y:.1}\" xml:space=\"preserve\">{}</text>", spans(runs));
    }
    svg + "</svg>\n"
}

/// Returns the lines of text in such a picture.
pub fn text(svg: &str) -> String {
    let tags = regex::Regex::new("<[^>]*>").unwrap();
    let line = |line: &str| tags.replace_all(line, "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let lines = svg.lines().filter(|line| line.starts_with("<text"));
    lines.map(|text| line(text).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn spans(runs: &[Run]) -> String {
    let mut spans = String::new();
    let mut end = 0;
    for run in runs {
        let x = MARGIN + f64::from(run.column) * ADVANCE;
        // What is between two runs is nothing to see, but something to copy.
        let gap = " ".repeat(usize::from(run.column.saturating_sub(end)));
        let text = run.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = write!(spans, "{gap}<tspan x=\"{x:.1}\"{}>{text}</tspan>", run.style);
        end = run.column + run.text.chars().count() as u16;
    }
    spans
}

fn runs(screen: &Screen, row: u16, columns: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut is_open = false;
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else { continue };
        let text = cell.contents();
        if text.trim().is_empty() {
            is_open = cell.is_wide_continuation() && is_open;
            continue;
        }
        match runs.last_mut() {
            Some(run) if is_open && run.style == style(cell) => run.text.push_str(text),
            _ => runs.push(Run { column, text: text.to_owned(), style: style(cell) }),
        }
        is_open = true;
    }
    runs
}

fn style(cell: &Cell) -> String {
    let colour = match cell.fgcolor() {
        Color::Idx(number) => PALETTE.get(usize::from(number)).copied().unwrap_or(FOREGROUND),
        _ => FOREGROUND,
    };
    let weight = if cell.bold() { " font-weight=\"bold\"" } else { "" };
    let dimmed = if cell.dim() { " opacity=\"0.6\"" } else { "" };
    format!(" fill=\"{colour}\"{weight}{dimmed}")
}
