//! Parser events into a tree, with caps on depth and on what aliases may unfold to.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{Node, Scalar, Value, explain};
use crate::code::Code;
use crate::project::ConfigFault;
use crate::source::{SourceFile, SourceSpan};

/// How deep a document may nest.
const MAX_DEPTH: usize = 64;
/// How many nodes it may have, those of aliases counted each time (a "billion laughs" stops here).
const MAX_NODES: usize = 50_000;

type Fault = Box<ConfigFault>;

/// Returns the root of the file's document; of an empty file, an empty scalar.
pub(super) fn build(file: &Arc<SourceFile>) -> Result<Node, Fault> {
    let mut builder = Builder::new(file);
    let mut parser = Parser::new_from_str(&file.text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| builder.syntax(&error))?;
        builder.take(event, span)?;
    }
    let end = file.text.len();
    let empty = Node { range: end..end, value: Value::Scalar(Scalar { text: String::new(), quoted: false }) };
    Ok(builder.root.unwrap_or(empty))
}

struct Builder<'a> {
    file: &'a Arc<SourceFile>,
    /// The byte offset of each character: the parser counts characters.
    offsets: Vec<usize>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

/// A sequence or mapping that has begun.
struct Open {
    anchor: usize,
    start: usize,
    items: Items,
}

enum Items {
    Sequence(Vec<Node>),
    Mapping { key: Option<Node>, pairs: Vec<(Node, Node)> },
}

struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

impl<'a> Builder<'a> {
    fn new(file: &'a Arc<SourceFile>) -> Self {
        let offsets = file.text.char_indices().map(|(at, _)| at).chain([file.text.len()]).collect();
        let (open, anchors) = (Vec::new(), HashMap::new());
        Self { file, offsets, open, anchors, nodes: 0, documents: 0, root: None }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let range = self.range(span);
        match event {
            Event::DocumentStart(_) => self.document(range),
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = self.is_text(style, tag.as_deref(), &range)?;
                let value = Value::Scalar(Scalar { text: text.into_owned(), quoted });
                self.add(Node { range, value }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), "seq", &range)?;
                self.begin(anchor, range, Items::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", &range)?;
                self.begin(anchor, range, Items::Mapping { key: None, pairs: Vec::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(range),
            Event::Alias(anchor) => self.alias(anchor, range),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn document(&mut self, range: Range<usize>) -> Result<(), Fault> {
        self.documents += 1;
        if self.documents > 1 {
            let help = "keep one document, and put each DAG into a directory of its own";
            return Err(self.fault(
                Code::YAML_FEATURE,
                range,
                "a second YAML document starts here; leoflow.yaml is one document",
                help,
            ));
        }
        Ok(())
    }

    fn begin(&mut self, anchor: usize, range: Range<usize>, items: Items) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("the YAML nests deeper than {MAX_DEPTH} levels");
            return Err(self.fault(Code::YAML_TOO_LARGE, range, message, "nest less"));
        }
        self.open.push(Open { anchor, start: range.start, items });
        Ok(())
    }

    fn end(&mut self, range: Range<usize>) -> Result<(), Fault> {
        let Some(Open { anchor, start, items }) = self.open.pop() else { return Ok(()) };
        let (value, last) = match items {
            Items::Sequence(items) => {
                let last = items.last().map(|node| node.range.end);
                (Value::Sequence(items), last)
            }
            Items::Mapping { pairs, .. } => {
                let last = pairs.last().map(|(key, value)| key.range.end.max(value.range.end));
                (Value::Mapping(pairs), last)
            }
        };
        // A flow collection ends with its bracket, a block one where its last item does.
        let end = if range.is_empty() { last.unwrap_or(start) } else { range.end };
        self.add(Node { range: start..end.max(start), value }, anchor)
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Result<(), Fault> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(self.fault(
                Code::YAML_FEATURE,
                range,
                "an alias stands inside the very node that it names",
                "write the value out",
            ));
        };
        if self.open.len() + anchored.depth > MAX_DEPTH {
            let message = format!("with its aliases unfolded, the YAML nests deeper than {MAX_DEPTH} levels");
            return Err(self.fault(Code::YAML_TOO_LARGE, range, message, "nest less"));
        }
        // The node itself is counted where it is added.
        let (node, nodes) = (anchored.node.clone(), anchored.nodes - 1);
        self.count(nodes, &range)?;
        self.add(node, 0)
    }

    fn count(&mut self, nodes: usize, range: &Range<usize>) -> Result<(), Fault> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            let message = format!("with its aliases unfolded, the YAML has more than {MAX_NODES} nodes");
            return Err(self.fault(Code::YAML_TOO_LARGE, range.clone(), message, "write less, with fewer aliases"));
        }
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        self.count(1, &node.range)?;
        if anchor > 0 {
            let (nodes, depth) = measure(&node);
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth });
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::Sequence(items)) => items.push(node),
            Some(Items::Mapping { key, pairs }) => match key.take() {
                Some(key) => pairs.push((key, node)),
                None => {
                    *key = Some(node);
                    return self.check_key();
                }
            },
        }
        Ok(())
    }

    /// A key is one line of text, and not a merge key, which YAML 1.2 no longer has.
    fn check_key(&self) -> Result<(), Fault> {
        let Some(Items::Mapping { key: Some(key), .. }) = self.open.last().map(|open| &open.items) else {
            return Ok(());
        };
        match &key.value {
            Value::Scalar(scalar) if scalar.text == "<<" && !scalar.quoted => {
                let help = "write the keys out where they are needed";
                Err(self.fault(Code::YAML_FEATURE, key.range.clone(), "merge keys (`<<`) are not read here", help))
            }
            Value::Scalar(_) => Ok(()),
            _ => {
                let help = "put quotes around it if it is meant as text";
                Err(self.fault(
                    Code::YAML_FEATURE,
                    key.range.clone(),
                    "a key must be text, not a list or a mapping",
                    help,
                ))
            }
        }
    }

    fn is_text(&self, style: ScalarStyle, tag: Option<&Tag>, range: &Range<usize>) -> Result<bool, Fault> {
        match tag {
            None => Ok(style != ScalarStyle::Plain),
            Some(tag) if is_core(tag, "str") || (tag.handle.is_empty() && tag.suffix == "!") => Ok(true),
            Some(tag) => Err(self.unknown_tag(tag, range)),
        }
    }

    fn collection_tag(&self, tag: Option<&Tag>, expected: &str, range: &Range<usize>) -> Result<(), Fault> {
        match tag {
            Some(tag) if !is_core(tag, expected) => Err(self.unknown_tag(tag, range)),
            _ => Ok(()),
        }
    }

    fn unknown_tag(&self, tag: &Tag, range: &Range<usize>) -> Fault {
        let name = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() };
        let help = "leave the tag out; put quotes around a value that is meant as text";
        self.fault(Code::YAML_FEATURE, range.clone(), format!("the tag `{name}` is not read here"), help)
    }

    fn syntax(&self, error: &saphyr_parser::ScanError) -> Fault {
        let at = self.offset(error.marker().index());
        let (range, message, help) = explain::explain(&self.file.text, at, error.info());
        Box::new(ConfigFault { help, ..ConfigFault::new(Code::NOT_YAML, self.span(range), message) })
    }

    fn fault<'h>(
        &self,
        code: Code,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<Option<&'h str>>,
    ) -> Fault {
        let help = help.into().map(str::to_owned);
        Box::new(ConfigFault { help, ..ConfigFault::new(code, self.span(range), message) })
    }

    fn span(&self, range: Range<usize>) -> SourceSpan {
        SourceSpan { file: Arc::clone(self.file), range }
    }

    fn offset(&self, index: usize) -> usize {
        self.offsets.get(index).copied().unwrap_or(self.file.text.len())
    }

    /// Returns the bytes of a span, without the white space that the parser leaves at its end.
    fn range(&self, span: Span) -> Range<usize> {
        let (start, end) = (self.offset(span.start.index()), self.offset(span.end.index()));
        let end = end.max(start);
        start..start + self.file.text[start..end].trim_end().len()
    }
}

fn is_core(tag: &Tag, name: &str) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == name
}

/// Returns how many nodes there are, and how deep they nest.
fn measure(node: &Node) -> (usize, usize) {
    let join = |(nodes, depth): (usize, usize), child: (usize, usize)| (nodes + child.0, depth.max(child.1 + 1));
    match &node.value {
        Value::Scalar(_) => (1, 0),
        Value::Sequence(items) => items.iter().map(measure).fold((1, 1), join),
        Value::Mapping(pairs) => {
            pairs.iter().flat_map(|(key, value)| [measure(key), measure(value)]).fold((1, 1), join)
        }
    }
}
