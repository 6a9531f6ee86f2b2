//! What dag.py can reach: the project's files, read-only, and nothing else.

use super::{assert_refusal, describe_error, execute};

#[track_caller]
fn refuses(source: &str, expected: &str) {
    let found = match execute(&[("dag.py", source)]) {
        Ok(execution) => format!("it ran and printed: {}", execution.printed),
        Err(error) => describe_error(&error, 0),
    };
    assert_refusal(&found, expected, source);
}

/// Runs a script and returns what it printed and which files it read.
#[track_caller]
fn runs(files: &[(&str, &str)]) -> (String, Vec<String>) {
    match execute(files) {
        Ok(execution) => (execution.printed, execution.files.iter().map(|file| file.display().to_string()).collect()),
        Err(error) => panic!("{}", describe_error(&error, 0)),
    }
}

#[test]
fn the_outside_is_refused_by_name() {
    refuses(
        "\nopen('/etc/passwd').read()",
        "line 2: dag.py may not read `/etc/passwd`: it is outside the project\n@task",
    );
    refuses("open('../../etc/passwd')", "line 1: dag.py may not read `../../etc/passwd`: it is outside the project");
    refuses(
        "from pathlib import Path\nPath('/etc/passwd').read_text()",
        "line 2: dag.py may not read `/etc/passwd`: it is outside the project",
    );
    refuses("import os\nos.listdir('/')", "line 2: dag.py may not read `/`: it is outside the project");
    refuses(
        "open('out.txt', 'w')",
        "line 1: dag.py may not write `out.txt`: it is executed without a place to write to\n@task",
    );
    refuses(
        "open('dag.py', 'r+')",
        "line 1: dag.py may not write `dag.py`: it is executed without a place to write to",
    );
    refuses("import io\nio.FileIO(0)", "line 2: dag.py may not open `0` with io.FileIO");
    refuses("open(0)", "line 1: dag.py may not use file descriptors");
    refuses(
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
        "line 2: dag.py may not call socket.socket()\n@task",
    );
    refuses(
        "import socket\nsocket.create_connection(('example.com', 80))",
        "line 2: dag.py may not call socket.create_connection()",
    );
    refuses(
        "import urllib.request\nurllib.request.urlopen('http://example.com')",
        "line 2: dag.py may not call urllib.request.urlopen() `http://example.com`",
    );
    refuses("import os\nos.fork()", "line 2: dag.py may not call os.fork()\n@task");
    refuses("import os\nos.system('id')", "line 2: dag.py may not call os.system() `id`");
    refuses("import os\nos.popen('id')", "line 2: dag.py may not call subprocess.Popen() `id`");
    refuses("import os\nos.remove('dag.py')", "line 2: dag.py may not call os.remove() `dag.py`");
    refuses(
        "import subprocess\nsubprocess.run(['id', '-u'])",
        "line 2: dag.py may not call subprocess.run() `id -u`\n@task",
    );
    refuses(
        "from subprocess import check_output\ncheck_output('id')",
        "line 2: dag.py may not call subprocess.check_output() `id`",
    );
    refuses("import ctypes\nctypes.CDLL('libc.so.6')", "line 2: dag.py may not call ctypes.CDLL() `libc.so.6`");
    refuses("import sqlite3\nsqlite3.connect('x')", "line 2: dag.py may not call sqlite3.connect() `x`");
    refuses("input('? ')", "line 1: dag.py may not ask for input");
    refuses("import os\nos.environ['HOME']", "line 2: KeyError: 'HOME'\nos.environ.get(");
    refuses(
        "import tempfile\ntempfile.mkdtemp()",
        "line 2: FileNotFoundError: [Errno 2] No usable temporary directory found in ['/tmp', '/var/tmp', '/usr/tmp', '/home/leoflow']",
    );
}

#[test]
fn a_link_that_leaves_the_project_is_refused() {
    let outside = super::project(&[("secret", "s3cret")]);
    let project = super::project(&[("dag.py", "open('link').read()")]);
    std::os::unix::fs::symlink(outside.path().join("secret"), project.path().join("link")).expect("a link");
    let error = super::or_refused(super::interpreter().execute(project.path(), "dag.py")).expect_err("refused");
    assert_refusal(&describe_error(&error, 0), "line 1: dag.py may not read `link`: it is outside the project", "link");
}

#[test]
fn the_environment_is_empty() {
    let (printed, _) =
        runs(&[("dag.py", "import os\nprint(dict(os.environ), os.getenv('HOME'), os.environ.get('PATH', 'x'))")]);
    assert_eq!(printed, "{} None x\n");
}

#[test]
fn the_projects_files_are_read_and_told() {
    let source = "\
import os
from pathlib import Path
from lib import queries
import lib.deep.inner
here = Path(__file__).parent
print((here / 'sql' / 'q.sql').read_text(), end='')
print(open(os.path.join(os.path.dirname(__file__), 'data.csv'), encoding='utf-8').readlines())
print(here.joinpath('data.csv').exists(), os.path.exists('nope'), os.path.exists('/etc/passwd'))
print(sorted(path.name for path in here.glob('sql/*.sql')), os.getcwd(), __file__, __name__)
with open('data.csv', 'rb') as file:
    print(file.read(3), queries.NAME)
";
    let (printed, files) = runs(&[
        ("dag.py", source),
        ("sql/q.sql", "select 1;\n"),
        ("sql/unused.sql", ""),
        ("data.csv", "a,b\r\n1,ñ\n"),
        ("lib/__init__.py", ""),
        ("lib/queries.py", "NAME = 'sales'\n"),
        ("lib/deep/inner.py", "from ..queries import NAME\n"),
        ("lib/unused.py", "1/0\n"),
    ]);
    assert_eq!(
        printed,
        "select 1;\n['a,b\\n', '1,ñ\\n']\nTrue False False\n['q.sql', 'unused.sql'] /home/leoflow /home/leoflow/dag.py dag\n\
         b'a,b' sales\n"
    );
    assert_eq!(files, ["data.csv", "lib/__init__.py", "lib/deep/inner.py", "lib/queries.py", "sql/q.sql"]);
}

#[test]
fn the_standard_library_is_there() {
    let modules = "__future__ abc argparse ast asyncio base64 calendar collections concurrent.futures configparser contextlib copy \
                   csv ctypes dataclasses datetime decimal email enum fnmatch functools glob gzip hashlib http importlib inspect io \
                   itertools json logging math multiprocessing operator os os.path pathlib pendulum pprint queue random re \
                   secrets shutil signal socket sqlite3 ssl statistics string subprocess tempfile textwrap threading time tomllib \
                   traceback types typing urllib.parse urllib.request uuid warnings weakref xml.etree.ElementTree zipfile zoneinfo";
    let source = format!("for name in '{modules}'.split():\n    __import__(name)\nprint('all')");
    assert_eq!(runs(&[("dag.py", &source)]).0, "all\n");
}

#[test]
fn two_runs_see_the_same_clock_and_the_same_chance() {
    let source = "\
import time, random, uuid, datetime, os, secrets
print(time.time(), datetime.datetime.now(), datetime.date.today(), time.localtime().tm_zone or 'UTC')
print(random.random(), random.Random().random(), random.choice('abc'), uuid.uuid4(), os.urandom(4), secrets.token_hex(4))
print({'b', 'a', 'c'}, hash('x'), [hash(str(n)) for n in range(3)])
began = time.monotonic()
time.sleep(3600)
print(time.monotonic() - began > 3600)
";
    let (first, _) = runs(&[("dag.py", source)]);
    assert!(first.starts_with("946684800.0") && first.ends_with("True\n"), "{first}");
    assert_eq!(runs(&[("dag.py", source)]).0, first);
}

/// The guard over credentials looks at what goes into the image, and these do.
#[test]
fn a_secret_of_the_project_that_is_read_is_told() {
    let (_, files) = runs(&[("dag.py", "print(len(open('.env').read()))"), (".env", "PASSWORD=x")]);
    assert_eq!(files, [".env"]);
}
