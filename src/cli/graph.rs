//! `leoflow graph`: a project's DAG, or that of a dag.json, as a drawing.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use annotate_snippets::Level;
use serde_json::json;

use super::args::{GraphArgs, GraphFormat, OutputFormat};
use super::compile;
use super::exit::Exit;
use super::report::{Failure, Report, reason};
use super::session::{Session, write_stdout};
use crate::dag::Versioning;
use crate::graph::{self, Graph, MERMAID_EDGES, MERMAID_TEXT, Style};

pub(super) async fn run(session: &Session, args: &GraphArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was drawn", "run the same command again");
    let stdout = args.file == Path::new("-");
    let format = format(session, args.format, stdout)?;
    let path = session.environment.directory.join(&args.target);
    let graph = if path.is_file() { read(&path, &args.target)? } else { compiled(session, args).await? };
    let drawing = drawn(&graph, format, if stdout { style(session) } else { Style::Plain });
    if format == GraphFormat::Mermaid {
        warn_of_limits(session, &graph, &drawing);
    }
    if stdout {
        let json = graph::json(&graph);
        session.audience.result(&drawing, &json);
        match format {
            GraphFormat::Json => write_stdout(session.audience.harmless_json(drawing).as_bytes())?,
            _ => write_stdout(session.audience.harmless(&drawing).as_bytes())?,
        }
    } else {
        written(session, &graph, &session.environment.directory.join(&args.file), &drawing)?;
    }
    Ok(Exit::Success)
}

/// Stdout holds one object of JSON when that is asked for, and no picture beside it.
fn format(session: &Session, given: Option<GraphFormat>, stdout: bool) -> Result<GraphFormat, Failure> {
    match (given, session.format) {
        (None, OutputFormat::Text) => Ok(GraphFormat::Text),
        (None, OutputFormat::Json) => Ok(GraphFormat::Json),
        (Some(GraphFormat::Json), _) | (Some(_), OutputFormat::Text) => Ok(given.unwrap_or(GraphFormat::Json)),
        (Some(format), OutputFormat::Json) if !stdout => Ok(format),
        (Some(_), OutputFormat::Json) => Err(Failure::usage(
            "--format and --output json ask for different things on stdout",
            "leave one of them out, or write the drawing into a file with -o FILE",
        )),
    }
}

/// Reads a spec, whoever compiled it.
fn read(path: &Path, shown: &str) -> Result<Graph, Failure> {
    let bytes = std::fs::read(path).map_err(|error| {
        let message = format!("cannot read `{shown}`: {}", reason(&error));
        Failure::new(Exit::System, message, Some("name a dag.json that you can read, or a project".to_owned()))
    })?;
    Graph::from_json(&bytes).map_err(|faults| {
        let told = |fault: &crate::dag::SpecError| Report::new(format!("`{shown}`: {fault}")).help(fault.help());
        Failure { exit: Exit::Usage, reports: faults.iter().map(told).collect() }
    })
}

async fn compiled(session: &Session, args: &GraphArgs) -> Result<Graph, Failure> {
    let project = session.project(&args.target)?;
    let dag_id = &project.config.dag_id;
    // No drawing shows them, so that git is not asked.
    let versioning = Versioning { dag_version: "dev".to_owned(), image: format!("{dag_id}:dev") };
    session.progress.doing("Compiling", dag_id);
    let compiled = compile::compiled(&project, session.interpreter(&args.interpreter), versioning).await?;
    session.progress.idle();
    compile::warn(session, &project.config.warnings, &compiled.warnings);
    Ok(Graph::of(&compiled.spec))
}

/// Colours are for terminals whose user has nothing against them (<https://no-color.org>).
fn style(session: &Session) -> Style {
    let unwanted = session.environment.variable("NO_COLOR").is_some();
    let dumb = session.environment.variable("TERM").is_none_or(|term| term == "dumb");
    if unwanted || dumb || !std::io::stdout().is_terminal() { Style::Plain } else { Style::Coloured }
}

fn drawn(graph: &Graph, format: GraphFormat, style: Style) -> String {
    match format {
        GraphFormat::Text => graph::text(graph, style),
        GraphFormat::Mermaid => graph.mermaid(),
        GraphFormat::Dot => graph::dot(graph),
        GraphFormat::Svg => graph::svg(graph),
        GraphFormat::Json => format!("{:#}\n", graph::json(graph)),
    }
}

fn warn_of_limits(session: &Session, graph: &Graph, drawing: &str) {
    let (_, edges) = graph.size();
    if edges > MERMAID_EDGES || drawing.len() > MERMAID_TEXT {
        let help = "draw it with `--format svg`".to_owned();
        let message = format!("GitHub does not draw a Mermaid diagram of {edges} edges and {} bytes", drawing.len());
        session.progress.report(&Report::new(message).help(Some(help)), Level::WARNING);
    }
}

fn written(session: &Session, graph: &Graph, path: &PathBuf, drawing: &str) -> Result<(), Failure> {
    compile::write(path, drawing.as_bytes())?;
    let text = format!("Drew {} -> {}\n", graph.dag_id, path.display());
    let result = json!({"schema": "leoflow.graph_file/v1", "dag_id": graph.dag_id, "file": path});
    session.print(&text, &result)
}
