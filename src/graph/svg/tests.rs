use proptest::prelude::*;

use super::*;
use crate::graph::testing::{five_thousand, graph, numbered};

/// Left, top, right, bottom.
type Area = [f64; 4];

fn tasks(graph: &Graph, layout: &Layout) -> Vec<Area> {
    let area = |at: usize| {
        let (left, width) = layout.columns[layout.ranked.vertices[at].rank];
        [left, layout.middle[at] - TASK / 2.0, left + width, layout.middle[at] + TASK / 2.0]
    };
    (0..graph.tasks.len()).map(area).collect()
}

fn frames(layout: &Layout) -> Vec<Area> {
    layout.boxes.iter().map(|&[left, top, width, height]| [left, top, left + width, top + height]).collect()
}

fn overlap(a: &Area, b: &Area) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

fn inside(a: &Area, b: &Area) -> bool {
    a[0] > b[0] && a[1] > b[1] && a[2] < b[2] && a[3] < b[3]
}

/// Checks that nothing lies on anything else, that groups hold what is theirs and nothing else, and that edges pass tasks by.
fn check(graph: &Graph) {
    let layout = laid_out(graph);
    let (tasks, frames) = (tasks(graph, &layout), frames(&layout));
    let page = [0.0, HEAD, layout.size.0, layout.size.1];
    let groups = |group| ranks::around(graph, group).collect::<Vec<_>>();
    for (at, area) in tasks.iter().enumerate() {
        assert!(inside(area, &page), "{at} leaves the page");
        assert!(!tasks[at + 1..].iter().any(|other| overlap(area, other)), "{at} lies on another");
        let own = groups(graph.tasks[at].group);
        for (group, frame) in frames.iter().enumerate() {
            let fine = if own.contains(&group) { inside(area, frame) } else { !overlap(area, frame) };
            assert!(fine, "task {} {area:?} and group {} {frame:?}", graph.tasks[at].id, graph.groups[group].id);
        }
    }
    for (group, frame) in frames.iter().enumerate() {
        assert!(inside(frame, &page), "group {group} leaves the page");
        for (other, another) in frames.iter().enumerate().skip(group + 1) {
            let nested = groups(Some(other)).contains(&group);
            let fine = if nested { inside(another, frame) } else { !overlap(frame, another) };
            assert!(fine, "groups {group} {frame:?} and {other} {another:?}");
        }
    }
    check_bends(&layout, &tasks);
}

fn check_bends(layout: &Layout, tasks: &[Area]) {
    for (bend, vertex) in layout.ranked.vertices.iter().enumerate().skip(tasks.len()) {
        let (left, width) = layout.columns[vertex.rank];
        let line = [left, layout.middle[bend] - 1.0, left + width, layout.middle[bend] + 1.0];
        assert!(!tasks.iter().any(|task| overlap(task, &line)), "an edge runs over a task");
    }
}

#[test]
fn nothing_lies_on_anything_else() {
    for words in [
        "a",
        "a b c d",
        "a; b <- a; c <- a b; d <- a c; e <- a d",
        "g.a; x <- g.a; g.b <- x; y <- g.a; h.c <- g.a; h.d <- h.c g.b; z <- y h.d",
        "g.a; h.a; g.b <- h.a; h.b <- g.a; x <- g.a; y <- x; g.c <- y; h.c <- y",
        "a.b.c.d.e.f.g.h.i.j; a.x <- a.b.c.d.e.f.g.h.i.j; b.y <- a.x",
    ] {
        check(&graph(words));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_lies_on_anything_else_whatever_the_edges(
        tasks in 2_usize..40, edges in prop::collection::vec((0_usize..1_000, 0_usize..1_000), 0..90),
    ) {
        let edges = edges.into_iter().map(|(a, b)| (a % tasks, b % tasks)).filter(|(a, b)| a < b);
        check(&Graph::of(&numbered(tasks, edges)));
    }
}

#[test]
fn large_graphs_are_laid_out_too() {
    check(&Graph::of(&five_thousand()));
}

#[test]
fn a_chain_is_a_straight_line_and_a_diamond_even() {
    let chain = laid_out(&graph("a; b <- a; c <- b; d <- c")).middle;
    assert!(chain.windows(2).all(|pair| pair[0] == pair[1]), "{chain:?}");
    let diamond = laid_out(&graph("a; b c <- a; d <- b c")).middle;
    assert_eq!((diamond[0], diamond[1] + diamond[2]), (diamond[3], 2.0 * diamond[0]));
}

#[test]
fn edges_that_need_not_cross_do_not() {
    let layout = laid_out(&graph("a b c; z <- a; y <- b; x <- c"));
    let middle = |at: usize| layout.middle[at];
    assert_eq!([middle(0), middle(1), middle(2)], [middle(5), middle(4), middle(3)]);
}

#[test]
fn texts_are_cut_in_the_middle() {
    assert_eq!(width::elided("short", 13.0, 100.0), "short");
    let cut = width::elided(&"extract_".repeat(40), 13.0, 100.0);
    assert!(cut.starts_with("extr") && cut.contains('…') && cut.ends_with("ract_"), "{cut}");
    assert!(width::width(&cut, 13.0) <= 100.0 && width::width("データ", 10.0) > 30.0);
}
