//! The child process: the interpreter, its sandbox and its limits.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::scope::Scope;
use rustpython_vm::signal::{UserSignalReceiver, UserSignalSender, user_signal_channel};
use rustpython_vm::{AsObject, InterpreterBuilder, PyObject, PyObjectRef, PyResult, VirtualMachine, vm::Settings};

use super::cpython;
use super::host::{self, Host, SharedHost};
use super::limits;
use super::project_files::ProjectFiles;
use super::protocol::{Outcome, Place, Report, Request};
use super::sources;

/// The hidden first argument that makes this program a worker.
pub const WORKER_ARGUMENT: &str = "__execute-dag";

/// How long a single native operation may go on past the wall limit before it is told without the interpreter's help.
const NATIVE_GRACE: Duration = Duration::from_millis(150);
/// As CPython's default.
const RECURSION_LIMIT: usize = 1000;
/// Any constant: what dag.py hashes is the same in each run.
const HASH_SEED: u32 = 0;

/// Held by whoever writes the one answer, to the end of the process.
static ANSWER: Mutex<()> = Mutex::new(());

/// Runs the worker: a request on stdin, a report on stdout. Returns the exit code.
///
/// With arguments, the worker becomes the Python of the host that they name.
pub fn worker_main(arguments: impl Iterator<Item = OsString>) -> u8 {
    limits::end_with_parent();
    let arguments: Vec<OsString> = arguments.collect();
    if !arguments.is_empty() {
        return cpython::become_python(&arguments);
    }
    std::panic::set_hook(Box::new(|_| {}));
    let mut text = String::new();
    let request = match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => serde_json::from_str::<Request>(&text).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match request {
        Ok(request) if limits::is_orphan_of(request.parent) => 1,
        Ok(request) => run_on_own_stack(request),
        Err(error) => answer(&Report::broken(format!("bad request: {error}"), None)),
    }
}

impl Report {
    fn broken(reason: String, place: Option<Place>) -> Self {
        Self::of(Outcome::Broken(reason, place))
    }

    pub(super) fn of(outcome: Outcome) -> Self {
        Self { outcome, files: Vec::new(), printed: String::new() }
    }
}

fn run_on_own_stack(request: Request) -> ! {
    let at = Arc::new(Mutex::new(None));
    let place = Arc::clone(&at);
    let interpreter =
        std::thread::Builder::new().stack_size(limits::STACK).spawn(move || answer(&execute(&request, at)));
    let reason = match interpreter.map(|thread| thread.join()) {
        Ok(Ok(never)) => never,
        // What the panic says is about the interpreter's insides, and helps nobody who wrote a DAG.
        Ok(Err(_)) => "it cannot execute this line".to_owned(),
        Err(error) => error.to_string(),
    };
    let place = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
    answer(&Report::broken(reason, place))
}

/// Answers with the author's line: between two instructions of Python exactly, inside an endless native call with the
/// line that was marked.
fn stop_after(wall_limit: Duration, alarm: &UserSignalSender, at: &Mutex<Option<Place>>) -> ! {
    std::thread::sleep(wall_limit);
    let _ = alarm.send(Box::new(|vm| answer(&Report::of(Outcome::TimedOut(current_place(vm))))));
    std::thread::sleep(NATIVE_GRACE);
    let place = at.lock().unwrap_or_else(PoisonError::into_inner).clone();
    answer(&Report::of(Outcome::Stuck(place)))
}

fn current_place(vm: &VirtualMachine) -> Option<Place> {
    let bootstrap = vm.import("_leoflow", 0).ok()?;
    let place = vm.call_method(&bootstrap, "current_place", ()).ok()?;
    serde_json::from_value(host::to_json(&place, vm).ok()?).ok()
}

/// Writes the answer, the first and only one, and ends the process: nothing is torn down that could fail on the way.
pub(super) fn answer(report: &Report) -> ! {
    let _only = ANSWER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut stdout = std::io::stdout().lock();
    let _ = serde_json::to_writer(&mut stdout, report);
    let _ = stdout.write_all(b"\n").and_then(|()| stdout.flush());
    std::process::exit(0)
}

fn execute(request: &Request, at: Arc<Mutex<Option<Place>>>) -> Report {
    let wall_limit = Duration::from_millis(request.wall_limit_ms);
    let (alarm, alarm_receiver) = user_signal_channel();
    let host = Host::shared(ProjectFiles::new(PathBuf::from(&request.root)), Arc::clone(&at));
    let interpreter = interpreter(alarm_receiver, request.again);
    // The watch begins when the interpreter stands, and its thread before threads are forbidden.
    std::thread::spawn(move || stop_after(wall_limit, &alarm, &at));
    limits::apply(wall_limit, request.memory_limit);
    let outcome = in_interpreter(&interpreter, request, &host);
    let host = host.borrow();
    let files = host.files.files().filter_map(|file| file.to_str().map(str::to_owned)).collect();
    Report { outcome, files, printed: host.printed.clone() }
}

pub(super) fn in_interpreter(
    interpreter: &rustpython_vm::Interpreter,
    request: &Request,
    host: &SharedHost,
) -> Outcome {
    interpreter.enter(|vm| {
        vm.recursion_limit.set(RECURSION_LIMIT);
        let result = run_bootstrap(request, host, vm);
        result
            .unwrap_or_else(|error| Outcome::Broken(format!("its own modules failed ({})", describe(&error, vm)), None))
    })
}

pub(super) fn interpreter(alarm: UserSignalReceiver, again: bool) -> rustpython_vm::Interpreter {
    let mut settings = Settings::default();
    settings.hash_seed = Some(HASH_SEED + u32::from(again));
    settings.isolated = true;
    settings.ignore_environment = true;
    settings.import_site = false;
    settings.install_signal_handlers = false;
    settings.write_bytecode = false;
    let builder = InterpreterBuilder::new().settings(settings);
    let modules = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
    builder
        .add_native_modules(&modules)
        .add_frozen_modules(rustpython_pylib::FROZEN_STDLIB)
        .add_frozen_modules(sources::frozen_modules())
        .init_hook(|vm| vm.set_user_signal_channel(alarm))
        .build()
}

fn run_bootstrap(request: &Request, host: &SharedHost, vm: &VirtualMachine) -> PyResult<Outcome> {
    let globals = vm.ctx.new_dict();
    let module = vm.new_module("_leoflow", globals.clone(), None);
    for (name, function) in host::functions(host, vm) {
        globals.set_item(name, function, vm)?;
    }
    vm.sys_module.get_attr("modules", vm)?.set_item("_leoflow", module.clone().into(), vm)?;
    let code = vm.ctx.new_code(sources::bootstrap());
    vm.run_code_obj(code, Scope::with_builtins(None, globals, vm))?;
    if request.scan {
        let found = vm.call_method(module.as_ref(), "scan", (request.dag_source.as_str(),))?;
        return Ok(outcome(&found, vm));
    }
    let packages = request.packages.iter().map(|package| vm.ctx.new_str(package.as_str()).into());
    let packages = vm.ctx.new_list(packages.collect());
    let arguments = (request.dag_source.as_str(), packages, request.traced, request.again);
    let result: PyObjectRef = vm.call_method(module.as_ref(), "run", arguments)?;
    Ok(outcome(&result, vm))
}

fn outcome(result: &PyObject, vm: &VirtualMachine) -> Outcome {
    let outcome = host::to_json(result, vm).and_then(|json| serde_json::from_value(json).map_err(|e| e.to_string()));
    outcome.unwrap_or_else(|error| Outcome::Broken(format!("what it reported is {error}"), None))
}

fn describe(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> String {
    let mut text = String::new();
    match vm.write_exception(&mut text, error) {
        // Above it stands a traceback of our own modules.
        Ok(()) => text.trim_end().lines().next_back().unwrap_or_default().to_owned(),
        Err(_) => error.class().name().to_string(),
    }
}
