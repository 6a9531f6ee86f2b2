//! Why the image has a package: the chains that lead to it from leoflow.yaml, drawn as trees.

use crate::packages::PackageName;
use crate::packages::requirements::Wanted;

/// No more chains are drawn: who wants to see all has a program that reads them.
const MOST: usize = 10;

/// Packages by what comes after them on a chain.
#[derive(Default)]
struct Steps(Vec<(PackageName, Steps)>);

/// Draws `chains` below what leoflow.yaml says at their beginnings; `complete` unless there are more than were found.
pub(super) fn drawn(
    chains: &[Vec<PackageName>],
    complete: bool,
    wanted: &[Wanted],
    label: &dyn Fn(&PackageName) -> String,
) -> String {
    let mut roots = Steps::default();
    chains.iter().take(MOST).for_each(|chain| roots.add(chain));
    let mut text = String::new();
    for (root, steps) in roots.0 {
        let asking = wanted.iter().filter(|wanted| wanted.requirement.name == root);
        let asking: String = asking.map(|wanted| format!("{}\n", origin(wanted))).collect();
        text += &format!("\n{asking}");
        Steps(vec![(root, steps)]).draw(&mut text, "", label);
    }
    text + &more(chains.len().saturating_sub(MOST), complete)
}

fn more(left: usize, complete: bool) -> String {
    let at_least = if complete { "" } else { "at least " };
    match left {
        0 => String::new(),
        1 => format!("\nand {at_least}one more chain, which --output json shows\n"),
        _ => format!("\nand {at_least}{left} more chains, which --output json shows\n"),
    }
}

impl Steps {
    fn add(&mut self, chain: &[PackageName]) {
        let Some((first, rest)) = chain.split_first() else { return };
        let at = self.0.iter().position(|(name, _)| name == first).unwrap_or_else(|| {
            self.0.push((first.clone(), Self::default()));
            self.0.len() - 1
        });
        self.0[at].1.add(rest);
    }

    fn draw(&self, text: &mut String, below: &str, label: &dyn Fn(&PackageName) -> String) {
        let last = self.0.len().saturating_sub(1);
        for (index, (name, steps)) in self.0.iter().enumerate() {
            let (corner, line) = if index == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            text.push_str(&format!("{below}{corner}{}\n", label(name)));
            steps.draw(text, &format!("{below}{line}"), label);
        }
    }
}

/// `dependencies: requests>=2.30`, as leoflow.yaml has it.
fn origin(wanted: &Wanted) -> String {
    let line = wanted.origin.line().map(|line| format!(" (leoflow.yaml:{line})")).unwrap_or_default();
    format!("{}: {}{line}", wanted.origin.key.as_str(), wanted.origin.written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn_of(chains: &[&str], complete: bool) -> String {
        let names = |chain: &&str| chain.split(' ').map(|name| name.parse().unwrap()).collect::<Vec<PackageName>>();
        let chains: Vec<_> = chains.iter().map(names).collect();
        drawn(&chains, complete, &[], &ToString::to_string)
    }

    #[test]
    fn chains_share_their_beginnings() {
        let text = drawn_of(&["b z", "a b z", "a c z"], true);
        assert_eq!(text, "\n└─ b\n   └─ z\n\n└─ a\n   ├─ b\n   │  └─ z\n   └─ c\n      └─ z\n");
    }

    #[test]
    fn what_is_not_drawn_is_counted() {
        let chains: Vec<String> = (0..MOST + 2).map(|at| format!("a{at} z")).collect();
        let chains: Vec<&str> = chains.iter().map(String::as_str).collect();
        let last = |chains: &[&str], complete| drawn_of(chains, complete).lines().last().unwrap().to_owned();
        assert_eq!(last(&chains, true), "and 2 more chains, which --output json shows");
        assert_eq!(last(&chains[1..], true), "and one more chain, which --output json shows");
        assert_eq!(last(&chains, false), "and at least 2 more chains, which --output json shows");
        assert_eq!(last(&chains[2..], true), "   └─ z");
    }
}
