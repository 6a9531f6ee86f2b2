//! Ways out of the sandbox, as people have tried them on other interpreters: none leads anywhere, each is told.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use leoflow::python::{Interpreter, PythonError};

use super::{describe, describe_error, interpreter, project};

const SECRET: &str = "s3cret-of-the-host";

/// What the attempt looks like; a part of what is said about it, or of what it printed (`printed: …`).
type Attempt = (&'static str, &'static str);

#[rustfmt::skip]
const FILES: &[Attempt] = &[
    ("open('{outside}/secret').read()", "line 1: dag.py may not read `{outside}/secret`: it is outside the project"),
    ("open(b'/etc/passwd')", "dag.py may not read `/etc/passwd`"),
    ("open('/proc/self/environ').read()", "dag.py may not read `/proc/self/environ`"),
    ("open('/proc/self/cwd/etc/hostname')", "dag.py may not read `/proc/self/cwd/etc/hostname`"),
    ("open('/dev/tcp/127.0.0.1/80')", "dag.py may not read `/dev/tcp/127.0.0.1/80`"),
    ("open('link_file').read()", "line 1: dag.py may not read `link_file`: it is outside the project"),
    ("open('link_dir/secret').read()", "dag.py may not read `link_dir/secret`: it is outside the project"),
    ("open('./x/../../../..{outside}/secret')", "dag.py may not read"),
    ("import os\nos.listdir('link_dir')", "line 2: dag.py may not read `link_dir`: it is outside the project"),
    ("import os\nprint([p for _, d, f in os.walk('.') for p in d + f if 'secret' in p])", "printed: []"),
    ("import glob\nprint(glob.glob('/etc/pass*'), glob.glob('link_dir/*'))", "printed: [] []"),
    ("from pathlib import Path\nPath('link_dir').joinpath('secret').read_bytes()", "line 2: dag.py may not read `link_dir/secret`"),
    ("open('loop')", "No such file in the project: 'loop'"),
    ("open('socket')", "dag.py may not read `socket`: it is not a regular file"),
    ("open('dag.py\\0/etc/passwd')", "ValueError: embedded null byte"),
    ("import io\nio.open('/etc/passwd')", "line 2: dag.py may not read `/etc/passwd`"),
    ("import io\nio.open_code('/etc/passwd')", "line 2: dag.py may not read `/etc/passwd`"),
    ("import io\nio.FileIO('/etc/passwd')", "line 2: dag.py may not open `/etc/passwd` with io.FileIO"),
    ("import _io\n_io.FileIO('/etc/passwd')", "line 2: dag.py may not open `/etc/passwd`"),
    ("import _io\n_io._BufferedReader if hasattr(_io, '_BufferedReader') else _io.BufferedReader(_io.FileIO(0))", "dag.py may not open `0`"),
    ("import codecs\ncodecs.open('/etc/passwd')", "line 2: dag.py may not read `/etc/passwd`"),
    ("import os\nos.open('/etc/passwd', 0)", "line 2: dag.py may not call os.open() `/etc/passwd`"),
    ("import posix\nposix.open('/etc/passwd', 0)", "line 2: dag.py may not call os.open() `/etc/passwd`"),
    ("import os\nos.read(3, 10)", "dag.py may not call os.read()"),
    ("import os\nos.symlink('/etc/passwd', 'x')", "dag.py may not call os.symlink() `/etc/passwd`"),
    ("import os\nos.chdir('/')\nopen('etc/passwd')", "line 2: dag.py may not call os.chdir() `/`"),
    ("import linecache\nprint(linecache.getlines('/etc/passwd'))", "printed: []"),
    ("import fileinput\nprint(next(fileinput.input('/etc/passwd')))", "dag.py may not read `/etc/passwd`"),
    ("import tokenize\ntokenize.open('/etc/passwd')", "dag.py may not read `/etc/passwd`"),
    ("import zipfile\nzipfile.ZipFile('/etc/passwd')", "dag.py may not read `/etc/passwd`"),
    ("import configparser\nprint(configparser.ConfigParser().read('/etc/passwd'))", "printed: []"),
    ("import shutil\nshutil.copy('dag.py', '/tmp/x')", "line 2: dag.py may not write `/tmp/x"),
    ("import tempfile\ntempfile.NamedTemporaryFile()", "No usable temporary directory"),
    ("import logging\nlogging.FileHandler('/tmp/leoflow.log')", "line 2: dag.py may not write `/tmp/leoflow.log`"),
    ("import zipimport\nzipimport.zipimporter('/etc/passwd')", "line"),
    ("import sys\nsys.path.insert(0, '{outside}')\nimport stolen", "line 3: ModuleNotFoundError: No module named 'stolen'"),
    ("__file__ = '/etc/passwd'\nopen(__file__)", "line 2: dag.py may not read `/etc/passwd`"),
    ("import runpy\nrunpy.run_path('{outside}/stolen.py')", "dag.py may not read `{outside}/stolen.py`"),
    ("class P:\n  def __fspath__(self): return '/etc/passwd'\nopen(P())", "line 3: dag.py may not read `/etc/passwd`"),
    ("class S(str):\n  def __eq__(self, o): return True\n  __hash__ = str.__hash__\nopen(S('/etc/passwd'))", "dag.py may not read `/etc/passwd`"),
];

#[rustfmt::skip]
const INSIDES: &[Attempt] = &[
    ("import importlib\nimportlib.import_module('_socket').socket()", "_socket"),
    ("import importlib\nimportlib.reload(__import__('posix')).system('id')", "line 2"),
    ("__import__('subprocess').Popen(['id'])", "line 1: dag.py may not call subprocess.Popen() `id`"),
    ("import sys\ndel sys.modules['socket'] if 'socket' in sys.modules else None", "SyntaxError"),
    ("import sys\nsys.meta_path.clear()\nimport socket\nsocket.socket()", "line"),
    ("import sys\nsys.meta_path[:] = sys.meta_path[3:]\nimport _posixsubprocess", "line 3: ModuleNotFoundError"),
    ("import _imp\nprint(_imp.is_builtin('_socket'), _imp.is_builtin('_ctypes'))", "printed: False False"),
    ("import _imp\nclass Spec: name = '_socket'\nprint(_imp.create_builtin(Spec))", "printed: None"),
    ("print(sorted(n for n in __import__('sys').builtin_module_names if n in ('_socket', '_ctypes', 'mmap', '_ssl', 'fcntl', '_posixsubprocess')))", "printed: []"),
    ("print([c.__name__ for c in ().__class__.__base__.__subclasses__() if c.__name__ in ('Popen', 'socket', 'CDLL')])", "line 1: the interpreter was stopped while it executed `dag.py`: it cannot execute this line"),
    ("for c in ().__class__.__base__.__subclasses__():\n  if c.__name__ == 'FileIO': c('/etc/passwd')\nprint('none')", "line 2: the interpreter was stopped while it executed `dag.py`: it cannot execute this line"),
    ("open.__globals__['host_read']('/etc/passwd')", "not a file of the project"),
    ("import _leoflow\n_leoflow.host_read('{outside}/secret')", "not a file of the project"),
    ("import _leoflow\n_leoflow.host_read('link_file')", "not a file of the project"),
    ("import _leoflow\nprint(_leoflow.host_list('/'), _leoflow.host_list('link_dir'))", "printed: [] []"),
    ("import _leoflow\n_leoflow.host_look = lambda p: 'file'\nimport _leoflow_files\n_leoflow_files.host_look = lambda p: 'file'\nopen('/etc/passwd')", "not a file of the project"),
    ("import ctypes\nctypes.string_at(0)", "line 2: dag.py may not call ctypes.string_at()"),
    ("import signal\nsignal.signal(signal.SIGALRM, print)", "line 2: dag.py may not call signal.signal()"),
    ("import os\nos.kill(os.getppid(), 9)", "line 2: dag.py may not call os.kill()"),
    ("import pickle\npickle.loads(b'cposix\\nsystem\\n(S\"id\"\\ntR.')", "dag.py may not call os.system() `id`"),
    ("import urllib.request as r\nr.urlopen('http://127.0.0.1')", "line 2: dag.py may not call urllib.request.urlopen()"),
    ("import http.client\nhttp.client.HTTPConnection('127.0.0.1')", "line 2: dag.py may not call http.client.HTTPConnection()"),
    ("import asyncio\nasyncio.run(asyncio.open_connection('127.0.0.1', 80))", "line 2: dag.py may not call asyncio"),
    ("import multiprocessing\nmultiprocessing.Process(target=print).start()", "line 2: dag.py may not call multiprocessing.Process()"),
    ("import os, sys\nprint(dict(os.environ), sys.executable, sys.argv, sys.prefix)", "printed: {} "),
    ("import sys\nprint(sys.flags.isolated, [p for p in sys.path if not p.startswith('/home/leoflow')])", "printed: 1 []"),
    ("import platform, socket\nprint(platform.node())", "printed: leoflow"),
    ("import traceback\ntry: 1/0\nexcept Exception: print(traceback.format_exc())", "printed: Traceback"),
    ("import traceback, csv\ntry: csv.reader(1)\nexcept Exception: traceback.print_exc()", "printed: Traceback"),
    ("import inspect, csv\nprint(inspect.getsourcefile(csv), csv.__file__ if hasattr(csv, '__file__') else '')", "is a built-in module"),
    ("import getpass\nprint(getpass.getuser())", "No username set in the environment"),
    ("import time\nprint(time.time())", "printed: 946684800"),
    ("breakpoint()", "line 1"),
];

#[rustfmt::skip]
const PROTOCOL: &[Attempt] = &[
    ("print('{\"outcome\": {\"Dags\": []}}')", "printed: {\"outcome\""),
    ("import sys\nsys.stdout = sys.__stdout__\nsys.stdout.write('{}\\n')\nsys.stdout.flush()", "printed: {}"),
    ("import os\nos.write(1, b'{}')", "dag.py may not call os.write()"),
    ("import sys\nsys.stdout.buffer.write(b'{}')", "line 2: AttributeError"),
    ("import airflow._dag as d\nd.report = lambda main: [1, 2]", "the interpreter was stopped"),
    ("import airflow._dag as d\nd.report = lambda main: object()", "what it reported is a object"),
    ("import airflow._dag as d\nd.report = lambda main: 1 / 0", "ZeroDivisionError"),
    ("import airflow._dag as d\nx = []\nx.append(x)\nd.report = lambda main: x", "nested too deeply"),
    ("import sys\nsys.modules['airflow._dag'] = None\nprint('ok')", "printed: ok"),
    ("import json\njson.dumps = None\nimport _leoflow\n_leoflow.run = None\nprint('ok')", "printed: ok"),
    ("import _leoflow\n_leoflow.fault_of = None\n1 / 0", "the interpreter was stopped"),
    ("import builtins\nbuiltins.str = builtins.len = builtins.isinstance = None\n1 / 0", "its own modules failed (TypeError"),
    ("import builtins\nbuiltins.__import__ = None\nimport os", "line 3"),
    ("import _leoflow\n_leoflow.host_mark('../../../etc/passwd', 10**9)\nwhile True: pass", "ran for more than"),
    ("import _leoflow\n_leoflow.host_mark('x', 10**30)", "OverflowError"),
    ("class E(Exception):\n  leoflow_place = {'file': '../../../../etc/passwd', 'line': 1}\nraise E('x')", "line 3: E: x"),
    ("class E(Exception):\n  leoflow_place = {'file': '{outside}/secret', 'line': 1}\nraise E('x')", "line 3: E: x"),
    ("class E(Exception):\n  leoflow_place = {'file': 'link_file', 'line': 1}\nraise E('x')", "line 3: E: x"),
    ("class E(Exception):\n  leoflow_place = {'line': -1}\nraise E('x')", "line 3: E: x"),
    ("class E(Exception):\n  leoflow_message = [1]\nraise E('x')", "line 3: E: x"),
    ("class E(Exception):\n  def __str__(self): raise SystemExit\nraise E('x')", "line 3: E"),
    ("class E(Exception):\n  def __getattribute__(self, n): raise self\nraise E('x')", "line 3: E"),
    ("raise Exception('x' * 10**7)", "x…"),
    ("raise Exception('\\x1b[31m\\x07')", "Exception: "),
    ("class M(type):\n  __name__ = property(lambda s: 1/0)\nclass E(Exception, metaclass=M): pass\nraise E", "line 4"),
    ("import sys\nsys.exit(0)", "line 2: SystemExit: 0"),
    ("import os\nos._exit(0)", "line 2: SystemExit: 0"),
    ("import os\nos.abort()", "line 2: dag.py may not call os.abort()"),
    ("quit()", "line 1"),
    ("raise KeyboardInterrupt", "line 1: KeyboardInterrupt"),
    ("import atexit\natexit.register(lambda: print('late'))\nprint('ok')", "printed: ok"),
    ("class D:\n  def __del__(self):\n    while True: pass\nd = D()\nprint('ok')", "printed: ok"),
    ("import sys\nsys.settrace(None)\nsys.setprofile(lambda *a: 1/0)\nprint('ok')", "printed: ok"),
    ("import gc\nprint(len(gc.get_objects()) >= 0)", "printed: True"),
    ("import sys\nsys._getframe(0).f_back.f_globals['ROOT'] = '/'\nopen('/etc/passwd')", "dag.py may not read `/etc/passwd`"),
    ("import types\nexec(types.CodeType(0,0,0,0,1,0,b'\\xff\\xff\\xff\\xff',(),(),(),'f','n','q',1,b'',b'',(),()))", "line 2: the interpreter was stopped while it executed `dag.py`: it cannot execute this line"),
    ("import marshal\nexec(marshal.loads(b'\\xe3' + b'\\xff' * 200))", "line 2"),
    ("compile('x', '/home/leoflow/../../etc/passwd', 'exec')\nexec(compile('1/0', '/home/leoflow/../../etc/passwd', 'exec'))", "ZeroDivisionError"),
];

#[rustfmt::skip]
const BOMBS: &[Attempt] = &[
    ("while True:\n  try:\n    while True: pass\n  except BaseException: pass", "line 3: "),
    ("def f():\n  try: f()\n  finally: f()\nf()", "ran for more than 1 s"),
    ("list(iter(int, 1))", "was stopped"),
    ("import itertools\nsum(itertools.count())", "line 2: "),
    ("any(x < 0 for x in iter(int, 1))", "line 1: "),
    ("import re\nre.match('(a+)+$', 'a' * 64 + 'b')", "line 2: "),
    ("x = 'x' * 10**9\nwhile True: x += x", "was stopped"),
    ("x = {}\nwhile True: x[len(x)] = 'x' * 10**5", "was stopped"),
    ("x = 3 ** (3 ** 20)\nwhile True: x *= x", "was stopped"),
    ("int('9' * 10**7)", "line 1"),
    ("str(7 ** 10**4)", "printed: "),
    ("print('x' * 10**9)", "was stopped"),
    ("while True: print('x' * 1000)", "line 1: "),
    ("import sys\nsys.stderr.write('x' * 10**6)", "printed: xxx"),
    ("import threading\n[threading.Thread(target=lambda: None).start() for _ in range(1000)]", "line 2: dag.py may not start a thread"),
    ("import threading\nthreading.Lock().acquire()\nl = threading.Lock()\nl.acquire()\nl.acquire()", "printed: "),
    ("import queue\nqueue.Queue().get()", "line"),
    ("import time\ntime.sleep(10**9)\nprint('awake')", "printed: awake"),
    ("from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit(print).result()", "line 2: dag.py may not start a thread"),
    ("eval('(' * 10**5)", "nested too deeply"),
    ("eval('[' * 300 + ']' * 300)", "printed: "),
    ("exec('x = ' + '-' * 10**5 + '1')", "nested too deeply"),
    ("import json\njson.loads('[' * 10**6)", "nested too deeply"),
    ("f = lambda: 0\nfor _ in range(10**5): f = (lambda g: lambda: g())(f)\nf()", "line 2: "),
    ("x = ()\nfor _ in range(10**5): x = (x,)\nprint('ok')", "printed: ok"),
    ("class A:\n  def __del__(self): A()\nA()", "printed: "),
    ("'%1000000000d' % 1\nprint('ok')", "was stopped"),
    ("'{:>10000000000}'.format(1)", "was stopped"),
    ("import decimal\ndecimal.Decimal(10) ** decimal.Decimal(10**9)", "line 2"),
    ("bytes(10**12)", "was stopped"),
    ("range(10**18)[10**17]\nprint(list(range(10**10)))", "was stopped"),
    ("from airflow.sdk import DAG, EmptyOperator\nwith DAG('a'):\n  while True: EmptyOperator(task_id='t')", "line 3: "),
    ("from airflow.sdk import DAG\nwith DAG('a', description='x' * 10**6): pass", "printed: dag a"),
];

#[test]
fn files_of_the_host_stay_there() {
    check(FILES);
}

#[test]
fn the_interpreters_insides_lead_nowhere() {
    check(INSIDES);
}

#[test]
fn the_answer_is_ours() {
    check(PROTOCOL);
}

#[test]
fn bombs_are_stopped_and_told() {
    check(BOMBS);
}

/// Makes every attempt, a few at a time, and tells all that went differently.
#[track_caller]
fn check(attempts: &[Attempt]) {
    let (next, failures) = (AtomicUsize::new(0), std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(attempt) = attempts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    failures.lock().expect("no panic").extend(difference(attempt));
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn difference((source, expected): &Attempt) -> Option<String> {
    let outside = project(&[("secret", SECRET), ("stolen.py", &format!("print('{SECRET}')"))]);
    let named = outside.path().to_str().expect("UTF-8");
    let root = project(&[("dag.py", &source.replace("{outside}", named))]);
    lay_links(root.path(), outside.path());
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).expect("a socket");
    let found = attempt(root.path());
    let wrong = !found.contains(&expected.replace("{outside}", named))
        || found.contains(SECRET)
        || found.contains(root.path().to_str().expect("UTF-8"))
        || ["panicked", "RUST_BACKTRACE", ".rs:"].iter().any(|word| found.contains(word));
    let shown = &found[..found.floor_char_boundary(400)];
    wrong.then(|| format!("--- {source}\n    expected: {expected}\n    found: {shown}"))
}

fn lay_links(root: &Path, outside: &Path) {
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, root.join(name)).expect("a link");
    link(&outside.join("secret"), "link_file");
    link(outside, "link_dir");
    link(Path::new("loop"), "loop");
}

/// What came of it, in words, without the paths that we ourselves put before a message.
fn attempt(root: &Path) -> String {
    let hasty = Interpreter { wall_limit: Duration::from_secs(1), memory_limit: 512 << 20, ..interpreter() };
    match hasty.execute(root, "dag.py") {
        Ok(execution) => {
            let dags: String = execution.dags.iter().map(describe).collect();
            format!("printed: {}{dags}", execution.printed)
        }
        // The marked line is shown to the user, so it must be the author's.
        Err(PythonError::Code { span: Some(span), .. }) if span.file.text.contains(SECRET) => SECRET.to_owned(),
        Err(error @ (PythonError::TimedOut { .. } | PythonError::Died { .. })) => {
            describe_error(&error, 0).replace(root.join("dag.py").to_str().expect("UTF-8"), "dag.py")
        }
        Err(error) => describe_error(&error, 0),
    }
}
