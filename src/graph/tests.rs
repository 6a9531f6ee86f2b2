use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;

use super::testing::{five_thousand, graph, numbered, spec};
use super::*;

const GOLDENS: &[(&str, &str)] = &[
    ("one", "only:bash"),
    ("chain", "extract*2; transform <- extract; load:operator <- transform"),
    ("roots", "count_a; count_b; add_up <- count_a count_b; announce <- count_a count_b add_up"),
    ("rules", "a:bash; b c <- a; mend!one_failed <- b c; clean_up:bash!all_done*1 <- b c mend"),
    ("groups", "start; g.a g.b <- start; g.in.c <- g.a g.b; side <- start; end <- g.in.c side; tell post <- end"),
];

/// Holds every drawing against its golden file; `UPDATE_GOLDEN=1` writes the files anew.
#[test]
fn small_graphs_are_drawn_as_the_golden_files_say() {
    for (name, words) in GOLDENS {
        let graph = graph(words);
        golden(&format!("{name}.txt"), &text(&graph, Style::Plain));
        golden(&format!("{name}.mmd"), &graph.mermaid());
        golden(&format!("{name}.dot"), &dot(&graph));
        golden(&format!("{name}.svg"), &svg(&graph));
        golden(&format!("{name}.json"), &format!("{:#}\n", json(&graph)));
    }
}

fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/graphs").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&path).unwrap(), "{name}");
}

/// Checks that every task and every edge is in every drawing once.
fn check_complete(spec: &DagSpec) {
    let graph = Graph::of(spec);
    let (tasks, edges) = graph.size();
    let json = json(&graph);
    let ids: Vec<&str> = spec.tasks.iter().map(|task| task.task_id.as_str()).collect();
    let once: BTreeSet<&str> = ids.iter().copied().collect();
    let listed = |key: &str| json[key].as_array().unwrap().len();
    assert_eq!((listed("nodes"), listed("edges")), (tasks, edges));
    let layered = json["layers"].as_array().unwrap().iter().flat_map(|layer| layer.as_array().unwrap());
    assert_eq!(layered.map(|id| id.as_str().unwrap()).collect::<BTreeSet<_>>(), once);
    assert_eq!((once.len(), spec.tasks.iter().map(|task| task.depends_on.len()).sum()), (tasks, edges));
    check_lines(&graph, &dot(&graph), |id| format!("\"{id}\" [label"), |a, b| format!("\"{a}\" -> \"{b}\""));
    let number = |id: &str| graph.tasks.iter().position(|task| task.id == id).unwrap();
    check_lines(
        &graph,
        &graph.mermaid(),
        |id| format!("t{}[", number(id)),
        |a, b| format!("t{} --> t{}", number(a), number(b)),
    );
    check_lines(&graph, &svg(&graph), |id| format!("<title>{id}: "), |a, b| format!("<title>{a} → {b}<"));
    check_lines(&graph, &text(&graph, Style::Plain), |id| format!("● {id} "), |_, _| String::new());
}

/// Checks that each task and each edge has a line of its own.
fn check_lines(graph: &Graph, drawing: &str, task: impl Fn(&str) -> String, edge: impl Fn(&str, &str) -> String) {
    let id = |at: usize| graph.tasks[at].id.as_str();
    let edges = graph.edges().map(|(from, to)| edge(id(from), id(to))).filter(|part| !part.is_empty());
    for part in (0..graph.tasks.len()).map(|at| task(id(at))).chain(edges) {
        let ends = |rest: &str| !part.ends_with(char::is_numeric) || !rest.starts_with(char::is_numeric);
        let found = drawing.match_indices(&part).filter(|(at, _)| ends(&drawing[at + part.len()..])).count();
        assert_eq!(found, 1, "{part}\n{drawing}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_task_and_every_edge_is_in_every_drawing_once(
        tasks in 2_usize..24, edges in prop::collection::vec((0_usize..1_000, 0_usize..1_000), 0..40),
    ) {
        let edges = edges.into_iter().map(|(a, b)| (a % tasks, b % tasks)).filter(|(a, b)| a < b);
        check_complete(&numbered(tasks, edges));
    }

    #[test]
    fn the_order_of_tasks_changes_nothing(tasks in 2_usize..16, step in 1_usize..5) {
        let mut spec = numbered(tasks, (step..tasks).map(|to| (to - step, to)));
        let before = svg(&Graph::of(&spec));
        spec.tasks.reverse();
        prop_assert_eq!(before, svg(&Graph::of(&spec)));
    }
}

#[test]
fn what_means_something_to_a_format_is_escaped() {
    let hostile = "end]\"<b>&'`#1;\\\n\u{1b}[2J{|}--> subgraph";
    let mut spec = spec("a; b <- a");
    spec.dag_id = hostile.to_owned();
    spec.tasks[0].task_id = hostile.to_owned();
    spec.tasks[1].depends_on = vec![hostile.to_owned()];
    let graph = Graph::of(&spec);
    let mermaid = "[\"end#93;#34;#60;b#62;#38;#39;#96;#35;1#59;#92;\u{fffd}\u{fffd}#91;2J#123;#124;#125;--#62; subgraph<br/>python\"]";
    assert!(graph.mermaid().contains(mermaid), "{}", graph.mermaid());
    let dotted = dot(&graph);
    assert!(dotted.contains("\"end]\\\"<b>&'`#1;\\\\\u{fffd}\u{fffd}[2J{|}--> subgraph\" -> \"b\";"), "{dotted}");
    let picture = svg(&graph);
    assert!(
        picture.contains("<title>end]&quot;&lt;b&gt;&amp;&#39;`#1;\\\u{fffd}\u{fffd}[2J{|}--&gt; subgraph: python")
    );
    assert!(!picture.contains('\u{1b}') && !text(&graph, Style::Plain).contains('\u{1b}'));
    assert_eq!(text(&graph, Style::Plain).lines().count(), 3);
}

#[test]
fn a_spec_that_nobody_checked_is_drawn_without_what_cannot_be() {
    let graph = graph("a <- c; b <- a ghost; c <- b; d <- c");
    assert_eq!(graph.size(), (4, 3));
    check_lines(&graph, &svg(&graph), |id| format!("<title>{id}: "), |a, b| format!("<title>{a} → {b}<"));
    for drawing in [svg(&Graph::of(&DagSpec::default())), text(&Graph::of(&DagSpec::default()), Style::Plain)] {
        assert!(!drawing.contains("NaN") && !drawing.contains("inf"), "{drawing}");
    }
}

#[test]
fn lines_fit_a_terminal_and_five_thousand_tasks_are_drawn() {
    let graph = Graph::of(&five_thousand());
    assert_eq!(graph.size(), (5_000, 19_800));
    let text = text(&graph, Style::Plain);
    assert_eq!(text.lines().count(), 5_001);
    assert_eq!(text.lines().find(|line| line.chars().count() > 80), None);
    assert_eq!(svg(&graph).matches("<path class=\"edge\"").count(), 19_800);
    assert_eq!(graph.mermaid().matches(" --> ").count(), 19_800);
    assert_eq!(dot(&graph).matches(" -> ").count(), 19_800);
}

#[test]
fn a_ladder_of_diamonds_grows_with_its_tasks_alone() {
    let rungs = 1_000;
    let edges = (0..rungs)
        .flat_map(|at| [0, 1, 1, 2].into_iter().zip([1, 3, 2, 3]).map(move |(a, b)| (3 * at + a, 3 * at + b)));
    let graph = Graph::of(&numbered(3 * rungs + 1, edges.collect::<BTreeSet<_>>()));
    assert_eq!(text(&graph, Style::Plain).lines().count(), 3 * rungs + 2);
    assert!(svg(&graph).len() < 1_000 * graph.size().1);
}

#[test]
fn a_chain_with_edges_to_its_beginning_is_drawn() {
    let graph = Graph::of(&numbered(2_000, (1..2_000).flat_map(|to| [(to - 1, to), (to / 7, to), (0, to)])));
    let lines = text(&graph, Style::Plain);
    assert_eq!(lines.lines().find(|line| line.chars().count() > 80), None);
    assert_eq!(svg(&graph).matches(" → ").count(), graph.size().1);
}

#[test]
fn colours_are_for_terminals_alone() {
    let graph = graph("a; b <- a");
    assert!(text(&graph, Style::Coloured).contains("\u{1b}[1mb\u{1b}[0m"));
    assert!(!text(&graph, Style::Plain).contains('\u{1b}'));
}

#[test]
fn what_a_task_waits_for_is_cut_to_the_line() {
    let many: Vec<String> = (0..60).map(|at| format!("part_{at:02}")).collect();
    let graph = graph(&format!("s; {all} <- s; join <- {all}", all = many.join(" ")));
    let text = text(&graph, Style::Plain);
    assert!(
        text.ends_with("● join       python  ← part_00, part_01, part_02, part_03, part_04, part_05 +54\n"),
        "{text}"
    );
}
