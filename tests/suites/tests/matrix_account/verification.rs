//! Verifying the room from another device of its account, and from another account.

use futures_util::StreamExt as _;
use matrix_sdk::{
    Client,
    config::SyncSettings,
    encryption::verification::{
        QrVerification, QrVerificationData, QrVerificationState, SasState, SasVerification,
        VerificationRequest, VerificationRequestState,
    },
    ruma::{UserId, events::key::verification::VerificationMethod},
};
use saal_meeting::Verification;
use saal_panel::{Navigation, Renderer, Screen, View};
use tokio::task::JoinHandle;

use super::*;

/// A person's other device: it syncs by itself and its account has an identity.
struct Other {
    client: Client,
    syncing: JoinHandle<matrix_sdk::Result<()>>,
}

impl Drop for Other {
    fn drop(&mut self) {
        self.syncing.abort();
    }
}

impl Other {
    async fn log_in(stage: &Taken, user: &User) -> Self {
        let client = Client::builder().homeserver_url(stage.servers.homeserver());
        let client = client.build().await.unwrap();
        let log_in = client.matrix_auth().login_username(&user.user_id, PASSWORD);
        log_in.send().await.unwrap();
        client.sync_once(SyncSettings::default()).await.unwrap();
        let encryption = client.encryption();
        encryption
            .bootstrap_cross_signing_if_needed(None)
            .await
            .unwrap();
        let syncing = client.clone();
        Self {
            client,
            syncing: tokio::spawn(async move { syncing.sync(SyncSettings::default()).await }),
        }
    }

    /// Asks the room, another device of the account, to be verified.
    async fn ask_device(&self, methods: &[VerificationMethod]) -> VerificationRequest {
        let user = self.client.user_id().unwrap();
        self.ask_device_of(user, methods).await
    }

    /// Asks the room by messages to its device, which need no chat of the two.
    async fn ask_device_of(
        &self,
        user: &UserId,
        methods: &[VerificationMethod],
    ) -> VerificationRequest {
        let encryption = self.client.encryption();
        encryption.request_user_identity(user).await.unwrap();
        let devices = encryption.get_user_devices(user).await.unwrap();
        let mut devices = devices.devices();
        let room = devices.find(|device| device.display_name() == Some("Raum Lahn"));
        let asked = room.unwrap();
        let asked = asked.request_verification_with_methods(methods.to_vec());
        asked.await.unwrap()
    }

    /// Asks the room, another user, in a chat of the two.
    async fn ask_user(&self, room: &User, methods: &[VerificationMethod]) -> VerificationRequest {
        let id = UserId::parse(&room.user_id).unwrap();
        let encryption = self.client.encryption();
        let identity = encryption.request_user_identity(&id).await;
        let identity = identity.unwrap().unwrap();
        let asked = identity.request_verification_with_methods(methods.to_vec());
        Box::pin(asked).await.unwrap()
    }

    /// Until the server has told this device of its own signature.
    async fn comes_to_know(&self, room: &User) {
        let encryption = self.client.encryption();
        let mut told = Box::pin(encryption.user_identities_stream().await.unwrap());
        let id = UserId::parse(&room.user_id).unwrap();
        encryption.request_user_identity(&id).await.unwrap();
        while !self.knows(room).await {
            told.next().await.unwrap();
        }
    }

    async fn knows(&self, room: &User) -> bool {
        let id = UserId::parse(&room.user_id).unwrap();
        let encryption = self.client.encryption();
        let identity = encryption.get_user_identity(&id).await;
        identity.unwrap().unwrap().is_verified()
    }
}

const EMOJI: [VerificationMethod; 1] = [VerificationMethod::SasV1];
/// As clients with a camera offer.
const SCANS: [VerificationMethod; 3] = [
    VerificationMethod::SasV1,
    VerificationMethod::QrCodeScanV1,
    VerificationMethod::ReciprocateV1,
];

fn over(verified: bool) -> impl Fn(&MeetingEvent) -> bool {
    let over = MeetingEvent::Verification(Some(Verification::Over { verified }));
    move |event| *event == over
}

impl Account {
    /// Until somebody asks; who: the device, and the user of another account.
    async fn asked(&mut self) -> (String, Option<String>) {
        let asked = |event: &MeetingEvent| match event {
            MeetingEvent::Verification(Some(Verification::Requested { device, user })) => {
                Some((device.clone(), user.clone()))
            }
            _ => None,
        };
        self.until(|event| asked(event).is_some()).await;
        self.said.last().and_then(asked).unwrap()
    }

    /// Until the panel shows emoji.
    async fn emoji(&mut self) -> [u8; 7] {
        let compares = |event: &MeetingEvent| match event {
            MeetingEvent::Verification(Some(Verification::Compare { emoji })) => Some(*emoji),
            _ => None,
        };
        self.until(|event| compares(event).is_some()).await;
        self.said.last().and_then(compares).unwrap()
    }

    /// Until the panel shows a code; what a camera reads on it.
    async fn code(&mut self) -> QrVerificationData {
        let shows = |event: &MeetingEvent| match event {
            MeetingEvent::Verification(Some(shown @ Verification::Scan { .. })) => {
                Some(shown.clone())
            }
            _ => None,
        };
        self.until(|event| shows(event).is_some()).await;
        let read = read_panel(self.said.last().and_then(shows).unwrap());
        QrVerificationData::from_bytes(read).unwrap()
    }

    async fn scanned(&mut self) {
        let scanned = MeetingEvent::Verification(Some(Verification::Scanned));
        self.until(|event| *event == scanned).await;
    }
}

/// The bytes of the one code on the panel.
fn read_panel(shown: Verification) -> Vec<u8> {
    let view = View {
        width: 1280,
        height: 800,
        language: Default::default(),
        file: None,
        comfort: Default::default(),
        time_zone: jiff::tz::TimeZone::UTC,
        now: jiff::Timestamp::UNIX_EPOCH,
        room: "Raum Lahn".to_owned(),
        support: None,
        screen: Screen::Verification(shown),
        day: saal_panel::DayView::default(),
        elsewhere: None,
        settings: None,
        onlooker: Default::default(),
        troubles: Vec::new(),
        navigation: Navigation::default(),
    };
    let mut renderer = Renderer::new();
    let layout = renderer.lay_out(&view, None);
    renderer.draw(&layout);
    let picture = renderer.picture();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let grey = |x: usize, y: usize| picture.rgb()[(y * width + x) * 3];
    let mut seen = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let codes = seen.detect_grids();
    assert_eq!(codes.len(), 1, "codes on the panel");
    let mut read = Vec::new();
    codes[0].decode_to(&mut read).unwrap();
    read
}

async fn ready(request: &VerificationRequest) {
    let mut changes = Box::pin(request.changes());
    while !request.is_ready() {
        let now = changes.next().await;
        let over = matches!(now, None | Some(VerificationRequestState::Cancelled(_)));
        assert!(!over, "the room did not accept: {now:?}");
    }
}

/// The emoji that the other device shows.
async fn their_emoji(sas: &SasVerification) -> [u8; 7] {
    let mut changes = Box::pin(sas.changes());
    loop {
        if let SasState::KeysExchanged { emojis, .. } = sas.state() {
            return emojis.unwrap().indices;
        }
        changes.next().await.unwrap();
    }
}

/// Scans the code on the panel with the other device until it shows a check mark there.
async fn scan(account: &mut Account, request: &VerificationRequest) -> QrVerification {
    account.act(AccountAction::Verify);
    ready(request).await;
    let code = account.code().await;
    let scan = request.scan_qr_code(code).await.unwrap().unwrap();
    assert!(matches!(scan.state(), QrVerificationState::Reciprocated));
    account.scanned().await;
    scan
}

async fn done(scan: &QrVerification) {
    let mut changes = Box::pin(scan.changes());
    while !scan.is_done() {
        changes.next().await.unwrap();
    }
}

/// Until the other device knows that it came to nothing; it asks once at a time.
async fn cancelled(request: &VerificationRequest) {
    let mut changes = Box::pin(request.changes());
    while !request.is_cancelled() {
        let change = tokio::time::timeout(PATIENCE, changes.next());
        change.await.expect("a cancellation").unwrap();
    }
}

/// Until both show emoji: those of the other device, and how to answer there.
async fn compare_on_both(
    account: &mut Account,
    other: &Other,
) -> (VerificationRequest, SasVerification) {
    let request = other.ask_device(&EMOJI).await;
    assert_eq!(account.asked().await.1, None, "the account itself asks");
    account.act(AccountAction::Verify);
    ready(&request).await;
    let sas = request.start_sas().await.unwrap().unwrap();
    let theirs = their_emoji(&sas).await;
    assert_eq!(account.emoji().await, theirs, "both show the same");
    (request, sas)
}

#[test]
fn a_room_is_verified_by_emoji_from_another_device_of_its_account() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("emoji").await?;
        let other = Other::log_in(&stage, &user).await;
        let store = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, password(&user), store.path());
        account.identity(IdentityState::ResetNeeded).await;

        let (request, sas) = compare_on_both(&mut account, &other).await;
        account.act(AccountAction::Compared { same: false });
        account.until(over(false)).await;
        cancelled(&request).await;
        assert!(!sas.is_done());
        assert_eq!(signed_devices(&user, &keys(&user).await?).len(), 1);

        let (_, sas) = compare_on_both(&mut account, &other).await;
        account.act(AccountAction::Compared { same: true });
        sas.confirm().await.unwrap();
        account.until(over(true)).await;
        account.identity(IdentityState::Verified).await;
        assert_eq!(signed_devices(&user, &keys(&user).await?).len(), 2);
        Ok(())
    })
}

#[test]
fn a_room_is_verified_by_the_code_on_its_panel() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let user = stage.user("code").await?;
        let other = Other::log_in(&stage, &user).await;
        let store = tempfile::tempdir().unwrap();
        let mut account = Account::start(&stage, password(&user), store.path());
        account.identity(IdentityState::ResetNeeded).await;

        let request = other.ask_device(&SCANS).await;
        account.asked().await;
        scan(&mut account, &request).await;
        account.act(AccountAction::Scanned { confirmed: false });
        account.until(over(false)).await;
        cancelled(&request).await;
        assert_eq!(signed_devices(&user, &keys(&user).await?).len(), 1);

        let request = other.ask_device(&SCANS).await;
        account.asked().await;
        let scan = scan(&mut account, &request).await;
        account.act(AccountAction::Scanned { confirmed: true });
        account.until(over(true)).await;
        account.identity(IdentityState::Verified).await;
        done(&scan).await;
        assert_eq!(signed_devices(&user, &keys(&user).await?).len(), 2);
        let room = request.other_user_id();
        let devices = other.client.encryption().get_user_devices(room).await;
        let devices = devices.unwrap();
        assert!(devices.devices().all(|device| device.is_verified()));
        Ok(())
    })
}

#[test]
fn a_room_is_verified_by_those_whom_its_configuration_names_and_nobody_else() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let (user, it) = (stage.user("verified").await?, stage.user("it").await?);
        let stranger = stage.user("stranger").await?;
        let (theirs, strange) = (
            Other::log_in(&stage, &it).await,
            Other::log_in(&stage, &stranger).await,
        );
        let store = tempfile::tempdir().unwrap();
        let mut account = Account::with(&stage, password(&user), store.path(), |settings| {
            settings.verifiers = vec![it.user_id.clone()];
        });
        account.identity(IdentityState::Verified).await;

        let id = UserId::parse(&user.user_id).unwrap();
        let declined = strange.ask_user(&user, &SCANS).await;
        cancelled(&declined).await;
        let declined = strange.ask_device_of(&id, &SCANS).await;
        cancelled(&declined).await;
        // From device to device, by emoji, which the room prefers to its code.
        let request = theirs.ask_device_of(&id, &SCANS).await;
        let asked = account.asked().await.1;
        assert_eq!(
            asked,
            Some(it.user_id.clone()),
            "the first whom the room hears of"
        );
        account.act(AccountAction::Verify);
        account.code().await;
        account.act(AccountAction::CompareEmoji);
        let mut changes = Box::pin(request.changes());
        let sas = loop {
            if let VerificationRequestState::Transitioned { verification } = request.state() {
                break verification.sas().unwrap();
            }
            changes.next().await.unwrap();
        };
        sas.accept().await.unwrap();
        let emoji = their_emoji(&sas).await;
        assert_eq!(account.emoji().await, emoji, "both show the same");
        account.act(AccountAction::Compared { same: false });
        account.until(over(false)).await;
        cancelled(&request).await;
        assert!(!theirs.knows(&user).await);

        // In a chat of the two, by the code.
        let request = theirs.ask_user(&user, &SCANS).await;
        account.asked().await;
        let scan = scan(&mut account, &request).await;
        account.act(AccountAction::Scanned { confirmed: true });
        account.until(over(true)).await;
        done(&scan).await;
        theirs.comes_to_know(&user).await;
        Ok(())
    })
}
