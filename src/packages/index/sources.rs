//! A project's name in, the files that all sources have of it out.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use pep508_rs::PackageName;
use url::Url;

use super::error::shown;
use super::listed::kind;
use super::page::attempted;
use super::project::Stored;
use super::{DistributionFile, FileKind, FindLinks, IndexError, IndexEvent, Location, ProjectFiles, Shared};

impl Shared {
    /// Asks find-links, and then the indexes up to the first that has the project.
    pub(super) async fn project(&self, name: &PackageName) -> Result<Arc<ProjectFiles>, IndexError> {
        let mut files = Vec::new();
        let mut place = None;
        for links in &self.options.sources.find_links {
            let found = self.links(links, name).await?;
            place = place.or((!found.is_empty()).then(|| links.to_string()));
            files = each_once([files, found].concat());
        }
        for index in &self.options.sources.indexes {
            if let Some(found) = self.of_index(index, name).await? {
                place = Some(shown(index));
                // A page has each file once.
                files = if files.is_empty() { found } else { each_once([files, found].concat()) };
                break;
            }
        }
        let Some(index) = place else { return Err(self.no_such(name)) };
        (self.options.observer)(IndexEvent::Project { name: name.clone(), files: files.len() });
        Ok(Arc::new(ProjectFiles { name: name.clone(), index, files }))
    }

    async fn of_index(&self, index: &Url, name: &PackageName) -> Result<Option<Vec<Stored>>, IndexError> {
        let url = page_url(index, name);
        if let (Ok(directory), "file") = (url.to_file_path(), url.scheme()) {
            return if directory.is_dir() { files_in(&directory, name).map(Some) } else { Ok(None) };
        }
        let rows = self.rows(&attempted(name), &url).await?;
        Ok(rows.map(|rows| Stored::of(&rows).collect()))
    }

    pub(super) async fn links(&self, links: &FindLinks, name: &PackageName) -> Result<Vec<Stored>, IndexError> {
        match links {
            FindLinks::Directory(directory) => files_in(directory, name),
            FindLinks::Page(url) => {
                let Some(rows) = self.rows(&attempted(shown(url)), url).await? else { return Ok(Vec::new()) };
                let is_of_project = |file: &Stored| kind(file.glance().0, name) != FileKind::Other;
                Ok(Stored::of(&rows).filter(is_of_project).collect())
            }
        }
    }

    fn no_such(&self, name: &PackageName) -> IndexError {
        let sources = &self.options.sources;
        let asked =
            sources.indexes.iter().map(shown).chain(sources.find_links.iter().map(ToString::to_string)).collect();
        let nearest = WELL_KNOWN.iter().map(|known| (strsim::damerau_levenshtein(known, name.as_ref()), known)).min();
        // A well-known name itself is meant as it is.
        let meant = nearest
            .filter(|(distance, known)| *distance > 0 && *distance * 4 <= known.len())
            .map(|(_, known)| known.to_string());
        IndexError::NoSuchProject { name: name.clone(), asked, meant }
    }
}

/// What is most often meant; an index offers no search.
const WELL_KNOWN: [&str; 24] = [
    "apache-airflow",
    "azure-storage-blob",
    "beautifulsoup4",
    "boto3",
    "cryptography",
    "duckdb",
    "google-cloud-bigquery",
    "google-cloud-storage",
    "jinja2",
    "matplotlib",
    "numpy",
    "openpyxl",
    "pandas",
    "paramiko",
    "polars",
    "psycopg2-binary",
    "pyarrow",
    "pydantic",
    "python-dateutil",
    "pyyaml",
    "requests",
    "scikit-learn",
    "snowflake-connector-python",
    "sqlalchemy",
];

/// Returns `<index>/<normalized name>/` (PEP 503).
fn page_url(index: &Url, name: &PackageName) -> Url {
    let mut url = index.clone();
    url.set_path(&format!("{}/{name}/", index.path().trim_end_matches('/')));
    url
}

/// Returns the distributions of a directory, sorted by name.
fn files_in(directory: &Path, name: &PackageName) -> Result<Vec<Stored>, IndexError> {
    let failed = |error| IndexError::Read { path: directory.to_owned(), error: Arc::new(error) };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(filename) = entry.file_name().into_string() else { continue };
        let kind = kind(&filename, name);
        if kind != FileKind::Other {
            found.push(local(kind, filename, &entry.path()));
        }
    }
    found.sort_by(|one, other| one.filename.cmp(&other.filename));
    Ok(found.into_iter().map(|file| Stored::Whole(Box::new(file))).collect())
}

fn local(kind: FileKind, filename: String, path: &Path) -> DistributionFile {
    DistributionFile {
        kind,
        filename,
        location: Location::Path(path.to_owned()),
        sha256: None,
        size: path.metadata().ok().map(|metadata| metadata.len()),
        requires_python: None,
        yanked: None,
        metadata: None,
        uploaded: None,
    }
}

/// Of several files of one name, the first is taken: the one that is nearer.
fn each_once(files: Vec<Stored>) -> Vec<Stored> {
    let mut seen = std::collections::HashSet::new();
    files.into_iter().filter(|file| seen.insert(file.glance().0.to_owned())).collect()
}
