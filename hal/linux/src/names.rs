//! Names that people can choose by.

use std::collections::HashMap;

/// What has an identity and a name.
pub(crate) trait Named {
    /// Stable, and nobody else's.
    fn id(&self) -> &str;
    /// What the device calls itself; two of one make call themselves the same.
    fn name(&mut self) -> &mut String;
}

/// Numbers equal names: "Rally", "Rally (2)". Counted in the order of the identities, so that
/// each keeps its name whatever the order is in which the kernel finds them.
pub(crate) fn make_unique<T: Named>(all: &mut [T]) {
    let mut by_id: Vec<&mut T> = all.iter_mut().collect();
    by_id.sort_by(|a, b| a.id().cmp(b.id()));
    let mut seen: HashMap<String, u32> = HashMap::new();
    for device in by_id {
        let name = device.name();
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            *name = format!("{name} ({count})");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Named for (&str, String) {
        fn id(&self) -> &str {
            self.0
        }

        fn name(&mut self) -> &mut String {
            &mut self.1
        }
    }

    #[test]
    fn equal_names_are_numbered_by_place_and_not_by_the_order_they_were_found_in() {
        let mut found = [
            ("usb-3", "Rally"),
            ("usb-1", "Rally"),
            ("usb-2", "Brio"),
            ("usb-4", "Rally"),
        ]
        .map(|(id, name)| (id, name.to_owned()));
        make_unique(&mut found);
        assert_eq!(
            found.map(|(_, name)| name),
            ["Rally (2)", "Rally", "Brio", "Rally (3)"]
        );
    }
}
