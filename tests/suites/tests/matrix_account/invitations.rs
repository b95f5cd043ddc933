//! Rooms that the account is invited to.

use super::{sessions::Gateway, *};

/// Joining a large room of other servers takes minutes. Until then the rest of the day goes on.
#[test]
fn a_join_that_takes_long_holds_up_nothing_else() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Daily").await?;
        let (host, user) = (&meeting.host, &meeting.guest);
        user.join(&meeting.matrix_room).await?;
        let (address, gateway) = Gateway::start(stage.servers.homeserver()).await;
        let store = tempfile::tempdir().unwrap();
        let token = LogIn::AccessToken(user.access_token.clone().into());
        let mut account = Account::with(&stage, token, store.path(), |settings| {
            settings.homeserver = address.parse().unwrap();
        });
        account.until(meets("Daily")).await;

        gateway.hold_joins(true);
        let now = saal_suites::now_ms();
        let (start, end) = (now + 3_600_000, now + 7_200_000);
        let large = host.create_room("Large", &[user]).await?;
        host.schedule(&large, "Large", start, end).await?;
        gateway.is_asked_to_join().await;
        host.schedule(&meeting.matrix_room, "Daily, but later", start, end)
            .await?;
        account.until(meets("Daily, but later")).await;

        gateway.hold_joins(false);
        account.until(meets("Large")).await;
        Ok(())
    })
}
