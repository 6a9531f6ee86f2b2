use super::*;
use crate::graph::testing::graph;
#[test]
fn shows() {
    for (name, words) in [
        ("small", "a; b <- a; c <- b"),
        ("fan", "s; a b c <- s; j <- a b c; e <- j"),
        ("groups", "s; g.a g.b <- s; g.c <- g.a g.b; x <- s; e <- x g.c; l m <- e; q <- s"),
    ] {
        std::fs::write(format!("/tmp/g-out/{name}.svg"), svg(&graph(words))).unwrap();
    }
}
