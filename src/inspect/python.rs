//! The Python that a process of the image finds, and where its packages lie (CPython's `getpath`, `site`, `sysconfig`).

use pep440_rs::Version;

use super::keep::{Kept, Loader, is_python};
use super::tree::Tree;
use super::venv::Venv;
use super::{Interpreter, debian};

/// `PATH` where an image's config sets none, as container engines have it.
pub(super) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Which Python is looked for, and what the image's config says.
pub(super) struct Pythons<'a> {
    pub(super) path: &'a str,
    /// `3.11`
    pub(super) wanted: &'a str,
    /// `PYTHON_VERSION`, as the official images set it for the Python in /usr/local.
    pub(super) variable: Option<&'a str>,
}

/// A Python, and where it looks for distributions, first to last.
pub(super) struct Found {
    pub(super) interpreter: Interpreter,
    pub(super) sites: Vec<String>,
    pub(super) loader: Option<Loader>,
}

/// A program on the `PATH`.
struct Program<'a> {
    /// As it is found.
    executable: String,
    /// Where its links lead.
    place: String,
    kept: &'a Kept,
    venv: Option<Venv>,
}

/// Where a Python's own library is.
struct Home {
    /// `sys.base_prefix`: `/usr/local`
    prefix: String,
    /// `lib`, or `lib64` as Fedora has it.
    library: &'static str,
}

/// Where an installer puts packages, and where Python looks for them.
struct Scheme {
    prefix: String,
    site_packages: String,
    include: String,
    sites: Vec<String>,
}

impl Pythons<'_> {
    /// Returns the first Python of the wanted version on the `PATH`.
    pub(super) fn find(&self, tree: &Tree) -> Option<Found> {
        let names = [format!("python{}", self.wanted), "python3".to_owned(), "python".to_owned()];
        let candidates =
            self.directories().flat_map(|directory| names.iter().map(move |name| format!("{directory}/{name}")));
        let program = candidates.filter_map(|path| Program::at(tree, path)).find(|program| program.is(self.wanted))?;
        Some(self.described(tree, &program))
    }

    /// Returns all Pythons on the `PATH`, each by its own name.
    pub(super) fn others(&self, tree: &Tree) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for directory in self.directories() {
            let Some(place) = tree.resolve(directory) else { continue };
            let names = tree.names_below(&place).filter(|name| is_python(name));
            let programs = names.filter_map(|name| Program::at(tree, format!("{directory}/{name}")));
            found.extend(programs.map(|program| program.place));
        }
        found.sort();
        found.dedup();
        found
    }

    fn directories(&self) -> impl Iterator<Item = &str> {
        let absolute = self.path.split(':').filter(|directory| directory.starts_with('/'));
        absolute.map(|directory| directory.trim_end_matches('/'))
    }

    fn described(&self, tree: &Tree, program: &Program<'_>) -> Found {
        let home = self.home(tree, program);
        let scheme = self.scheme(tree, program, &home);
        let own = |path: &str| tree.resolve(path).unwrap_or_else(|| path.to_owned());
        let interpreter = Interpreter {
            version: self.version(tree, program, &home),
            executable: program.executable.clone(),
            site_packages: own(&scheme.site_packages),
            scripts: own(&format!("{}/bin", scheme.prefix)),
            prefix: own(&scheme.prefix),
            include: own(&scheme.include),
        };
        let mut sites = Vec::new();
        for site in scheme.sites.iter().map(|site| own(site)) {
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
        Found { interpreter, sites, loader: program.kept.loader }
    }

    /// Looks for `os.py` as `getpath` does: from where the program really is, upwards.
    fn home(&self, tree: &Tree, program: &Program<'_>) -> Home {
        let from_venv = program.venv.as_ref().and_then(|venv| Some(format!("{}/python", venv.home.as_deref()?)));
        for start in std::iter::once(&program.place).chain(&from_venv) {
            let mut directory = start.as_str();
            while let Some((above, _)) = directory.rsplit_once('/') {
                for library in ["lib", "lib64"] {
                    if tree.file(&format!("{above}/{library}/python{}/os.py", self.wanted)).is_some() {
                        return Home { prefix: above.to_owned(), library };
                    }
                }
                directory = above;
            }
        }
        let above = |path: &str| path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
        Home { prefix: above(&above(&program.place)), library: "lib" }
    }

    fn scheme(&self, tree: &Tree, program: &Program<'_>, home: &Home) -> Scheme {
        let own = self.own_scheme(tree, home);
        let Some(venv) = &program.venv else { return own };
        let (prefix, wanted) = (venv.prefix.clone(), self.wanted);
        let site_packages = format!("{prefix}/lib/python{wanted}/site-packages");
        let mut sites = vec![site_packages.clone(), format!("{prefix}/lib64/python{wanted}/site-packages")];
        if venv.sees_system {
            sites.extend(own.sites);
        }
        Scheme { include: format!("{prefix}/include/site/python{wanted}"), prefix, site_packages, sites }
    }

    /// Debian's and Fedora's own Python install below /usr/local and look there first.
    fn own_scheme(&self, tree: &Tree, Home { prefix, library }: &Home) -> Scheme {
        let wanted = self.wanted;
        let local = "/usr/local";
        if prefix == "/usr" && self.debian_version(tree).is_some() {
            let site_packages = format!("{local}/lib/python{wanted}/dist-packages");
            let packaged =
                ["/usr/lib/python3/dist-packages".to_owned(), format!("/usr/lib/python{wanted}/dist-packages")];
            let sites = std::iter::once(site_packages.clone()).chain(packaged).collect();
            return Scheme {
                include: format!("{local}/include/python{wanted}"),
                prefix: local.into(),
                site_packages,
                sites,
            };
        }
        let below = |prefix: &str, library: &str| format!("{prefix}/{library}/python{wanted}/site-packages");
        let fedora = prefix == "/usr" && *library == "lib64";
        let target = if fedora { local } else { prefix.as_str() };
        let prefixes = std::iter::once(target).chain(fedora.then_some(prefix.as_str()));
        let sites = prefixes.flat_map(|prefix| [below(prefix, library), below(prefix, "lib")]).collect();
        Scheme {
            prefix: target.to_owned(),
            site_packages: below(target, "lib"),
            include: format!("{target}/include/python{wanted}"),
            sites,
        }
    }

    /// Returns the version with its patch release: what the program says of itself counts most.
    fn version(&self, tree: &Tree, program: &Program<'_>, home: &Home) -> Version {
        let variable = || self.variable.filter(|_| home.prefix == "/usr/local").map(str::to_owned);
        let venv = || program.venv.as_ref().and_then(|venv| venv.version.clone());
        let found = self
            .named(program.kept)
            .or_else(|| self.named_by_library(tree, home))
            .or_else(|| self.by_header(tree, home))
            .or_else(|| self.fitting(variable()?))
            .or_else(|| self.debian_version(tree))
            .or_else(|| self.fitting(venv()?));
        // What says nothing of it counts as the first release.
        found.or_else(|| self.wanted.parse().ok()).unwrap_or_else(|| Version::new([3]))
    }

    fn fitting(&self, text: impl AsRef<str>) -> Option<Version> {
        let text = text.as_ref().trim_end_matches('+');
        let fits = text.strip_prefix(self.wanted).is_some_and(|rest| rest.starts_with('.'));
        fits.then(|| text.parse().ok()).flatten()
    }

    /// Returns the only version of the wanted Python that a program names.
    fn named(&self, kept: &Kept) -> Option<Version> {
        let mut named = kept.versions.iter().filter_map(|text| self.fitting(text));
        named.next().filter(|_| named.next().is_none())
    }

    fn named_by_library(&self, tree: &Tree, home: &Home) -> Option<Version> {
        let name = format!("libpython{}", self.wanted);
        [home.library, "lib"].into_iter().find_map(|library| {
            let directory = tree.resolve(&format!("{}/{library}", home.prefix))?;
            let names = tree
                .names_below(&directory)
                .filter(|below| below.rsplit('/').next().is_some_and(|last| last.starts_with(&name)));
            names.filter_map(|below| tree.file(&format!("{directory}/{below}"))).find_map(|(_, kept)| self.named(kept))
        })
    }

    fn by_header(&self, tree: &Tree, home: &Home) -> Option<Version> {
        let (_, kept) = tree.file(&format!("{}/include/python{}/patchlevel.h", home.prefix, self.wanted))?;
        let defined = kept
            .text
            .lines()
            .find_map(|line| line.trim().strip_prefix("#define PY_VERSION ")?.trim().strip_prefix('"'));
        self.fitting(defined?.split('"').next()?)
    }

    /// Returns the version of Debian's own Python: `3.11.2-6+deb12u6` without what is Debian's.
    fn debian_version(&self, tree: &Tree) -> Option<Version> {
        let names = [format!("python{}-minimal", self.wanted), format!("libpython{}-minimal", self.wanted)];
        let package =
            debian::packages(tree).into_iter().find(|package| names.iter().any(|name| name == package.name))?;
        self.fitting(package.version.split(['-', '~', '+']).next()?)
    }
}

impl<'a> Program<'a> {
    /// Returns what would run; a script (a shim of pyenv's) runs something else.
    fn at(tree: &'a Tree, executable: String) -> Option<Self> {
        let (place, kept) = tree.file(&executable)?;
        let venv = Venv::of(tree, &executable);
        (kept.executable && !kept.script).then_some(Self { executable, place, kept, venv })
    }

    /// Returns whether it is the wanted Python, by its name where that tells.
    fn is(&self, wanted: &str) -> bool {
        let names = [&self.place, &self.executable].into_iter().filter_map(|path| line_of(path));
        match { names }.next() {
            Some(line) => line == wanted,
            None => {
                let inside = self.kept.versions.iter().chain(self.venv.iter().filter_map(|venv| venv.version.as_ref()));
                inside.into_iter().any(|text| text.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.')))
            }
        }
    }
}

/// Returns `3.11` of `/usr/bin/python3.11`.
fn line_of(path: &str) -> Option<&str> {
    path.rsplit_once("/python").map(|(_, line)| line).filter(|line| line.contains('.'))
}
