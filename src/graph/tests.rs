use super::testing::graph;
use super::*;

#[test]
fn shows() {
    for words in [
        "a; b <- a; c <- b",
        "s; a b c <- s; j <- a b c; e <- j",
        "a b c d; sum <- a b c d; tell <- sum a b c d",
        "s; g.a g.b <- s; g.c <- g.a g.b; x <- s; e <- x g.c; l m <- e",
    ] {
        println!("{}", text(&graph(words), Style::Plain));
        println!("{}", graph(words).mermaid());
        println!("{}", dot(&graph(words)));
    }
}
