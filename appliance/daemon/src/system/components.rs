//! What runs: from the image's list (CycloneDX 1.6), else what programs and kernel say of themselves.

use std::{fs, path::Path};

use saal_core::Component;
use serde::Deserialize;

use super::{Release, at};

const LIST: &str = "usr/share/saal/sbom.cdx.json";
/// A list that is longer, in bytes, is not the image's.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

#[derive(Deserialize)]
struct Bill {
    #[serde(rename = "specVersion")]
    version: String,
    components: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    #[serde(default)]
    licenses: Vec<Licence>,
}

#[derive(Deserialize)]
struct Licence {
    expression: Option<String>,
}

/// By name.
pub(super) fn all(root: &Path) -> Vec<Component> {
    let mut all = listed(root).unwrap_or_else(|| known(root));
    all.sort_by_cached_key(|component| component.name.to_lowercase());
    all.dedup();
    all
}

fn listed(root: &Path) -> Option<Vec<Component>> {
    let path = at(root, LIST);
    let length = fs::metadata(&path).ok()?.len();
    let read = || -> Result<Bill, String> {
        if length > MOST_BYTES {
            return Err(format!("it has {length} bytes"));
        }
        let text = fs::read(&path).map_err(|error| error.to_string())?;
        let bill: Bill = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        match bill.version.as_str() {
            "1.6" => Ok(bill),
            other => Err(format!("it is CycloneDX {other}")),
        }
    };
    let bill = read().inspect_err(
        |reason| tracing::warn!(path = %path.display(), reason, "the list of what runs is not read"),
    );
    let component = |entry: Entry| Component {
        name: entry.name,
        version: entry.version,
        licence: entry.licenses.into_iter().find_map(|l| l.expression),
    };
    Some(bill.ok()?.components.into_iter().map(component).collect())
}

/// A system that was put together by other means.
fn known(root: &Path) -> Vec<Component> {
    let own = |name: &str| Component {
        name: name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        licence: Some(env!("CARGO_PKG_LICENSE").to_owned()),
    };
    let kernel = fs::read_to_string(at(root, "proc/sys/kernel/osrelease"));
    let kernel = kernel.ok().map(|version| Component {
        name: "linux".to_owned(),
        version: version.trim().to_owned(),
        licence: Some("GPL-2.0-only".to_owned()),
    });
    let release = Release::of(root);
    let system = release.value("NAME").zip(release.value("VERSION_ID"));
    let system = system.map(|(name, version)| Component {
        name,
        version,
        licence: None,
    });
    let all = [Some(own("saald")), Some(own("saal-media")), kernel, system];
    all.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(list: Option<&str>) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in ["usr/share/saal", "proc/sys/kernel"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("proc/sys/kernel/osrelease"), "6.12.57\n").unwrap();
        if let Some(list) = list {
            fs::write(root.path().join(LIST), list).unwrap();
        }
        root
    }

    #[test]
    fn the_images_list_is_read_by_name() {
        let root = root(Some(
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
            {"type":"library","name":"systemd","version":"257.9-1"},
            {"type":"library","name":"libva2","version":"2.22.0-3"},
            {"type":"library","name":"Aho","version":"1.1","licenses":[{"expression":"MIT OR Unlicense"}]}]}"#,
        ));
        let all = all(root.path());
        let names: Vec<&str> = all.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["Aho", "libva2", "systemd"]);
        assert_eq!(all[0].licence.as_deref(), Some("MIT OR Unlicense"));
    }

    #[test]
    fn without_a_list_or_with_one_that_is_none_programs_and_kernel_are_known() {
        for list in [
            None,
            Some("{"),
            Some(r#"{"specVersion":"9","components":[]}"#),
        ] {
            let root = root(list);
            let all = all(root.path());
            let kernel = all.iter().find(|c| c.name == "linux").unwrap();
            assert_eq!(kernel.version, "6.12.57");
            assert!(all.iter().any(|c| c.name == "saald"));
        }
    }
}
