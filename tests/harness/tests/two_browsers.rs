//! The harness itself: two Element Call users see and hear each other through our servers.

use std::time::Duration;

use saal_harness::{FarEnd, FarEndOptions, JoinOptions, Servers, run, until};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn two_element_call_users_see_and_hear_each_other() {
    run(async {
        let servers = Servers::start().await.unwrap();
        let (anna, ben) = (
            servers.create_user("anna").await.unwrap(),
            servers.create_user("ben").await.unwrap(),
        );
        let room = anna.create_room("Weekly", &[&ben]).await.unwrap();
        let browser = FarEnd::start(&servers, &FarEndOptions::default())
            .await
            .unwrap();
        let anna = browser
            .join(&anna, &room, &JoinOptions::default())
            .await
            .unwrap();
        let ben = browser
            .join(&ben, &room, &JoinOptions::default())
            .await
            .unwrap();
        let seen = until(
            "both see and hear",
            PATIENCE,
            async || Ok::<_, saal_harness::Error>([anna.stats().await?, ben.stats().await?]),
            |seen| {
                seen.iter()
                    .all(|stats| stats.frames_decoded() > 30 && stats.audio_energy() > 0.0)
            },
        )
        .await;
        if let Ok(folder) = std::env::var("SAAL_SCREENSHOTS") {
            anna.screenshot(&std::path::Path::new(&folder).join("anna.png"))
                .await
                .unwrap();
        }
        seen.unwrap();
    });
}
