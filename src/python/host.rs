//! What Python code can call in Rust: look at, read and list the project's files, our own modules, and print. Nothing
//! else exists that leads out of the interpreter.

use std::cell::RefCell;
use std::rc::Rc;

use rustpython_vm::builtins::{PyDict, PyFloat, PyInt, PyList, PyStr, PyStrRef, PyTuple, PyUtf8StrRef};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use serde_json::{Map, Number, Value};

use super::project_files::ProjectFiles;
use super::sources;

/// Bytes of output that are kept.
const KEPT_OUTPUT: usize = 64 << 10;

/// The state behind the functions.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) files: ProjectFiles,
    pub(super) printed: String,
}

pub(super) type SharedHost = Rc<RefCell<Host>>;

impl Host {
    pub(super) fn shared(files: ProjectFiles) -> SharedHost {
        Rc::new(RefCell::new(Self { files, printed: String::new() }))
    }

    fn print(&mut self, text: &str) {
        let room = KEPT_OUTPUT.saturating_sub(self.printed.len());
        self.printed.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

/// Returns the functions, by the names that the bootstrap knows them by.
pub(super) fn functions(host: &SharedHost, vm: &VirtualMachine) -> Vec<(&'static str, PyObjectRef)> {
    let (look, read, list, print) = (Rc::clone(host), Rc::clone(host), Rc::clone(host), Rc::clone(host));
    vec![
        (
            "host_look",
            vm.new_function("host_look", move |path: PyUtf8StrRef| look.borrow().files.look(path.as_str()).word())
                .into(),
        ),
        (
            "host_read",
            vm.new_function("host_read", move |path: PyUtf8StrRef, vm: &VirtualMachine| -> PyResult<PyObjectRef> {
                let bytes = read.borrow_mut().files.read(path.as_str()).map_err(|error| vm.new_os_error(error))?;
                Ok(vm.ctx.new_bytes(bytes).into())
            })
            .into(),
        ),
        (
            "host_list",
            vm.new_function("host_list", move |path: PyUtf8StrRef, vm: &VirtualMachine| {
                let names = list.borrow().files.list(path.as_str());
                vm.ctx.new_list(names.into_iter().map(|name| vm.ctx.new_str(name).into()).collect())
            })
            .into(),
        ),
        (
            "host_print",
            vm.new_function("host_print", move |text: PyStrRef| {
                print.borrow_mut().print(&text.to_string_lossy());
            })
            .into(),
        ),
        ("host_module", vm.new_function("host_module", embedded_module).into()),
    ]
}

/// Returns `(text, is_package)` of a module of ours, else `None`.
fn embedded_module(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyObjectRef {
    let Some(module) = sources::find(name.as_str()) else { return vm.ctx.none() };
    let text = vm.ctx.new_str(module.text).into();
    vm.ctx.new_tuple(vec![text, vm.ctx.new_bool(module.is_package).into()]).into()
}

/// Turns what the stand-in built (dicts, lists, strings, numbers, `None`) into JSON.
///
/// # Errors
/// Names the type that is none of them.
pub(super) fn to_json(object: &PyObject, vm: &VirtualMachine) -> Result<Value, String> {
    if vm.is_none(object) {
        return Ok(Value::Null);
    }
    if object.class().is(vm.ctx.types.bool_type) {
        return Ok(Value::Bool(object.is(&vm.ctx.true_value)));
    }
    if let Some(text) = object.downcast_ref::<PyStr>() {
        return Ok(Value::String(text.to_string_lossy().into_owned()));
    }
    if let Some(number) = object.downcast_ref::<PyInt>() {
        return serde_json::from_str(&number.as_bigint().to_string()).map_err(|error| error.to_string());
    }
    if let Some(number) = object.downcast_ref::<PyFloat>() {
        return Number::from_f64(number.to_f64())
            .map(Value::Number)
            .ok_or_else(|| "a float without a value".to_owned());
    }
    if let Some(list) = object.downcast_ref::<PyList>() {
        return list.borrow_vec().iter().map(|item| to_json(item, vm)).collect();
    }
    if let Some(tuple) = object.downcast_ref::<PyTuple>() {
        return tuple.iter().map(|item| to_json(item, vm)).collect();
    }
    if let Some(dict) = object.downcast_ref::<PyDict>() {
        return dict_to_json(dict, vm);
    }
    Err(format!("a {}", object.class().name()))
}

fn dict_to_json(dict: &PyDict, vm: &VirtualMachine) -> Result<Value, String> {
    let mut map = Map::new();
    for (key, value) in dict.items_vec() {
        let key = key.downcast_ref::<PyStr>().ok_or("a key that is no string")?.to_string_lossy().into_owned();
        map.insert(key, to_json(&value, vm)?);
    }
    Ok(Value::Object(map))
}
