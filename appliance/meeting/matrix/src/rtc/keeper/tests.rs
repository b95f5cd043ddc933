use super::*;
use crate::settings::LEAVE_DELAY;

struct Server {
    keeper: Keeper,
    now: Instant,
}

impl Server {
    fn enter(earlier: Option<&str>) -> Self {
        let now = Instant::now();
        Self {
            keeper: Keeper::enter(now, heartbeat(), earlier.map(str::to_owned)),
            now,
        }
    }

    fn actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.keeper.poll()).collect()
    }

    fn says(&mut self, outcome: Outcome) -> Vec<Action> {
        self.keeper.handle_outcome(self.now, outcome);
        self.actions()
    }

    /// Goes to the next deadline; how far that was.
    fn wait(&mut self) -> Duration {
        let deadline = self.keeper.deadline().expect("something is to be done");
        let waited = deadline - self.now;
        self.now = deadline;
        self.keeper.handle_timeout(deadline);
        waited
    }

    fn member() -> Self {
        let mut server = Self::enter(None);
        server.actions();
        server.says(Outcome::Delayed(Ok("d1".into())));
        server.says(Outcome::MemberPut(Ok("$m".into())));
        assert_eq!(*server.keeper.standing(), Standing::Member);
        server
    }
}

fn heartbeat() -> Terms {
    Terms::new(&Mode::Compatibility, LEAVE_DELAY, false)
}

fn delay_leave() -> Action {
    Action::DelayLeave { after: LEAVE_DELAY }
}

fn down() -> Failure {
    Failure::Temporary("no route".into())
}

fn restart(id: &str) -> Action {
    Action::RestartLeave {
        delay_id: id.into(),
    }
}

#[test]
fn the_leave_is_delayed_before_the_membership_is_sent() {
    let mut server = Server::enter(None);
    assert_eq!(server.actions(), [delay_leave()]);
    assert_eq!(
        server.says(Outcome::Delayed(Ok("d1".into()))),
        [Action::PutMember { periods: 1 }]
    );
    assert_eq!(*server.keeper.standing(), Standing::Entering);
    assert_eq!(server.says(Outcome::MemberPut(Ok("$m".into()))), []);
    assert_eq!(*server.keeper.standing(), Standing::Member);
}

#[test]
fn the_delayed_leave_is_restarted_every_four_seconds_through_failures() {
    let mut server = Server::member();
    assert_eq!(server.wait(), Duration::from_secs(4));
    assert_eq!(server.actions(), [restart("d1")]);
    assert_eq!(server.says(Outcome::Restarted(Err(down()))), []);
    assert_eq!(server.wait(), Duration::from_secs(1));
    assert_eq!(server.actions(), [restart("d1")]);
    server.says(Outcome::Restarted(Ok(())));
    assert_eq!(server.wait(), Duration::from_secs(4));
}

#[test]
fn a_delay_that_the_server_lost_is_made_anew_and_the_membership_said_again() {
    let mut server = Server::member();
    server.wait();
    server.actions();
    assert_eq!(
        server.says(Outcome::Restarted(Err(Failure::Gone))),
        [delay_leave(), Action::PutMember { periods: 1 }]
    );
    server.says(Outcome::MemberPut(Ok("$m".into())));
    server.says(Outcome::Delayed(Ok("d2".into())));
    assert_eq!(server.keeper.delay_id(), Some("d2"));
}

#[test]
fn a_membership_that_vanished_is_sent_again() {
    let mut server = Server::member();
    server.keeper.handle_own_state(server.now, true);
    assert_eq!(server.actions(), []);
    server.keeper.handle_own_state(server.now, false);
    assert_eq!(server.wait(), RESEND_PAUSE);
    assert_eq!(server.actions(), [Action::PutMember { periods: 1 }]);
}

#[test]
fn what_newcomers_cannot_read_is_said_again_with_a_new_delayed_leave() {
    let mut server = Server::member();
    server.now += RESEND_PAUSE;
    server.keeper.say_again(server.now);
    let put = Action::PutMember { periods: 1 };
    assert_eq!(server.actions(), [cancel("d1"), delay_leave(), put]);
    server.says(Outcome::Delayed(Ok("d2".into())));
    assert_eq!(server.keeper.delay_id(), Some("d2"));
    server.keeper.leave(server.now);
    server.keeper.say_again(server.now);
    assert_eq!(server.actions(), [], "whoever leaves says nothing else");
}

#[test]
fn a_server_without_delayed_events_gets_the_membership_all_the_same() {
    let mut server = Server::enter(None);
    server.actions();
    assert_eq!(
        server.says(Outcome::Delayed(Err(Failure::Gone))),
        [Action::PutMember { periods: 1 }]
    );
    server.says(Outcome::MemberPut(Ok("$m".into())));
    server.keeper.leave(server.now);
    assert_eq!(server.actions(), [Action::ClearMember]);
}

#[test]
fn a_long_call_prolongs_its_membership_before_it_ends() {
    let mut server = Server::member();
    let start = server.now;
    let prolonged = loop {
        server.wait();
        let actions = server.actions();
        let put = actions.iter().find_map(|action| match action {
            Action::PutMember { periods } => Some(*periods),
            _ => None,
        });
        if let Some(periods) = put {
            break periods;
        }
        assert_eq!(actions, [restart("d1")]);
        server.says(Outcome::Restarted(Ok(())));
    };
    assert_eq!(prolonged, 2);
    assert_eq!(server.now - start, Duration::from_secs(4 * 3600 - 600));
}

#[test]
fn a_new_process_goes_on_with_the_old_delay() {
    let mut server = Server::enter(Some("d0"));
    assert_eq!(
        server.actions(),
        [restart("d0"), Action::PutMember { periods: 1 }]
    );
    server.says(Outcome::Restarted(Ok(())));
    server.says(Outcome::MemberPut(Ok("$m".into())));
    assert_eq!(server.keeper.delay_id(), Some("d0"));
}

#[test]
fn a_new_process_whose_delay_fired_is_a_member_again() {
    let mut server = Server::enter(Some("d0"));
    server.actions();
    assert_eq!(server.says(Outcome::MemberPut(Ok("$m".into()))), []);
    // The old leave overtook our put: the second put comes after it.
    assert_eq!(
        server.says(Outcome::Restarted(Err(Failure::Gone))),
        [delay_leave()]
    );
    server.says(Outcome::Delayed(Ok("d1".into())));
    server.wait();
    assert_eq!(server.actions(), [Action::PutMember { periods: 1 }]);
}

#[test]
fn leaving_sends_the_delayed_leave_now() {
    let mut server = Server::member();
    server.keeper.leave(server.now);
    assert_eq!(
        server.actions(),
        [Action::SendLeave {
            delay_id: "d1".into()
        }]
    );
    server.says(Outcome::LeaveSent(Ok(())));
    assert_eq!(*server.keeper.standing(), Standing::Out);
    assert_eq!(server.keeper.deadline(), None);
}

#[test]
fn leaving_clears_by_hand_when_the_delay_is_gone() {
    let mut server = Server::member();
    server.keeper.leave(server.now);
    server.actions();
    assert_eq!(
        server.says(Outcome::LeaveSent(Err(Failure::Gone))),
        [Action::ClearMember]
    );
    server.says(Outcome::Cleared(Ok(())));
    assert_eq!(*server.keeper.standing(), Standing::Out);
}

#[test]
fn leaving_waits_for_a_put_that_is_on_its_way() {
    let mut server = Server::enter(None);
    server.actions();
    server.says(Outcome::Delayed(Ok("d1".into())));
    server.keeper.leave(server.now);
    assert_eq!(server.actions(), []);
    assert_eq!(
        server.says(Outcome::MemberPut(Ok("$m".into()))),
        [Action::SendLeave {
            delay_id: "d1".into()
        }]
    );
}

#[test]
fn leaving_ends_after_five_seconds_though_the_server_is_down() {
    let mut server = Server::member();
    server.keeper.leave(server.now);
    let start = server.now;
    server.actions();
    server.says(Outcome::LeaveSent(Err(down())));
    while *server.keeper.standing() == Standing::Leaving {
        server.wait();
        if !server.actions().is_empty() {
            server.says(Outcome::Cleared(Err(down())));
        }
    }
    assert_eq!(server.now - start, LEAVE_WITHIN);
}

#[test]
fn a_room_that_forbids_calls_refuses() {
    let mut server = Server::enter(None);
    server.actions();
    server.says(Outcome::Delayed(Ok("d1".into())));
    server.says(Outcome::MemberPut(Err(Failure::Forbidden(
        "power level".into(),
    ))));
    assert_eq!(
        *server.keeper.standing(),
        Standing::Refused("power level".into())
    );
}

fn delegating() -> Server {
    let now = Instant::now();
    let terms = Terms::new(&Mode::Compatibility, LEAVE_DELAY, true);
    let keeper = Keeper::enter(now, terms, None);
    let mut server = Server { keeper, now };
    let after = DELEGATED_DELAY;
    assert_eq!(server.actions(), [Action::DelayLeave { after }]);
    server
}

fn delegate(delay_id: &str) -> Action {
    let delay_id = delay_id.to_owned();
    Action::DelegateLeave { delay_id }
}

fn cancel(delay_id: &str) -> Action {
    let delay_id = delay_id.to_owned();
    Action::CancelLeave { delay_id }
}

#[test]
fn nobody_sees_the_room_before_the_service_watches_over_it() {
    let mut server = delegating();
    assert_eq!(
        server.says(Outcome::Delayed(Ok("d1".into()))),
        [delegate("d1")]
    );
    let put = Action::PutMember { periods: 1 };
    assert_eq!(server.says(Outcome::Delegated(Ok(()))), [put]);
    server.says(Outcome::MemberPut(Ok("$m".into())));
    // The service restarts it; we look after an hour that it does.
    assert!(server.wait() > Duration::from_secs(30 * 60));
    assert_eq!(server.actions(), [restart("d1")]);
}

#[test]
fn a_service_that_does_not_watch_leaves_it_to_the_room() {
    let mut server = delegating();
    server.says(Outcome::Delayed(Ok("d1".into())));
    assert_eq!(
        server.says(Outcome::Delegated(Err(down()))),
        [cancel("d1"), delay_leave()]
    );
    let put = Action::PutMember { periods: 1 };
    assert_eq!(server.says(Outcome::Delayed(Ok("d2".into()))), [put]);
}

#[test]
fn a_leave_that_the_service_had_sent_is_taken_back() {
    let mut server = delegating();
    server.says(Outcome::Delayed(Ok("d1".into())));
    server.says(Outcome::Delegated(Ok(())));
    server.says(Outcome::MemberPut(Ok("$m".into())));
    server.now += Duration::from_secs(60);
    server.keeper.handle_own_state(server.now, false);
    let after = DELEGATED_DELAY;
    let put = Action::PutMember { periods: 1 };
    assert_eq!(
        server.actions(),
        [cancel("d1"), Action::DelayLeave { after }, put]
    );
}

#[test]
fn a_sticky_membership_is_sent_again_before_its_hour_is_over() {
    let now = Instant::now();
    let member_id = "m".to_owned();
    let terms = Terms::new(&Mode::Sticky { member_id }, Duration::from_secs(2), false);
    let mut server = Server {
        keeper: Keeper::enter(now, terms, None),
        now,
    };
    server.says(Outcome::Delayed(Err(Failure::Gone)));
    server.says(Outcome::MemberPut(Ok("$m".into())));
    server.actions();
    assert_eq!(server.wait(), Duration::from_secs(50 * 60));
    assert_eq!(server.actions(), [Action::PutMember { periods: 2 }]);
}

#[test]
fn a_short_delay_is_restarted_in_time() {
    let now = Instant::now();
    let terms = Terms::new(&Mode::Compatibility, Duration::from_secs(2), false);
    let mut server = Server {
        keeper: Keeper::enter(now, terms, None),
        now,
    };
    server.says(Outcome::Delayed(Ok("d1".into())));
    assert_eq!(server.wait(), Duration::from_millis(500));
}
