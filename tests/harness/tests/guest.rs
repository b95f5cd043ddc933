//! The virtual machine itself: orders, their answers, and what happens to one that hangs.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::time::Duration;

use saal_harness::{Guest, GuestSpeed, run};

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "the virtual machine is an x86-64"
)]
fn hardware_of_a_guest_ends_when_an_order_hangs_and_what_it_said_is_shown() {
    run(async {
        let mut guest = Guest::start(GuestSpeed::Modest).await.unwrap();
        let script = "echo $((6 * 7)); exit 3";
        let done = guest.run(script, Duration::from_secs(60)).await.unwrap();
        assert_eq!((done.status, done.output.as_str()), (3, "42\n"));
        let outside = guest.run("touch /etc/saal-guest", Duration::from_secs(60));
        let outside = outside.await.unwrap();
        assert!(outside.output.contains("Read-only"), "{outside:?}");

        let hung = "echo before it hangs; sleep 1000";
        let hung = guest.run(hung, Duration::from_secs(5)).await.unwrap_err();
        assert!(
            hung.to_string().contains("said:\nbefore it hangs"),
            "{hung}"
        );
        let after = guest
            .run("true", Duration::from_secs(60))
            .await
            .unwrap_err();
        assert!(after.to_string().contains("the virtual machine"), "{after}");
    });
}
