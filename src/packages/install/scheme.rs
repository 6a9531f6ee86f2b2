//! Where a wheel's files go (PyPA specification "Binary distribution format", "Installing a wheel").

use crate::inspect::Interpreter;

/// A place and what is special there.
pub(super) struct Place {
    /// Absolute.
    pub(super) path: String,
    /// Whether it is one of the scripts.
    pub(super) is_script: bool,
}

/// Returns where the file `name` of a wheel of `distribution` goes; `Root-Is-Purelib` makes no difference where pure and
/// other packages share a directory, as they do in every Python's default scheme on Linux that has `lib` alone.
pub(super) fn place(name: &str, distribution: &str, python: &Interpreter) -> Result<Place, String> {
    let Some((data, rest)) = name.split_once('/').filter(|(top, _)| top.ends_with(".data")) else {
        return Ok(Place { path: format!("{}/{name}", python.site_packages), is_script: false });
    };
    let (key, file) = rest.split_once('/').ok_or_else(|| format!("`{data}` has directories alone"))?;
    let directory = match key {
        "purelib" | "platlib" => python.site_packages.clone(),
        "scripts" => python.scripts.clone(),
        "headers" => format!("{}/{distribution}", python.include),
        "data" => python.prefix.clone(),
        _ => return Err(format!("`{key}` is none of purelib, platlib, scripts, headers and data")),
    };
    Ok(Place { path: format!("{directory}/{file}"), is_script: key == "scripts" })
}

/// Returns `path` as a RECORD in `directory` has it; both are absolute.
pub(super) fn relative(path: &str, directory: &str) -> String {
    let (mut path, mut directory) = (parts(path), parts(directory));
    while let (Some(one), Some(other)) = (path.first(), directory.first())
        && one == other
    {
        path.remove(0);
        directory.remove(0);
    }
    let up = directory.iter().map(|_| "..");
    up.chain(path).collect::<Vec<_>>().join("/")
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_leads_out_of_its_directory() {
        for (path, directory, expected) in [
            ("/usr/lib/p/a.py", "/usr/lib/p", "a.py"),
            ("/usr/bin/x", "/usr/lib/p", "../../bin/x"),
            ("/opt/x", "/usr/lib", "../../opt/x"),
            ("/usr/library/x", "/usr/lib", "../library/x"),
        ] {
            assert_eq!(relative(path, directory), expected);
        }
    }
}
