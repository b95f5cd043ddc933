use super::*;

struct Server {
    keeper: Keeper,
    now: Instant,
}

impl Server {
    fn enter(earlier: Option<&str>) -> Self {
        let now = Instant::now();
        Self {
            keeper: Keeper::enter(now, earlier.map(str::to_owned)),
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
        server.says(Outcome::MemberPut(Ok(())));
        assert_eq!(*server.keeper.standing(), Standing::Member);
        server
    }
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
    assert_eq!(server.actions(), [Action::DelayLeave]);
    assert_eq!(
        server.says(Outcome::Delayed(Ok("d1".into()))),
        [Action::PutMember { periods: 1 }]
    );
    assert_eq!(*server.keeper.standing(), Standing::Entering);
    assert_eq!(server.says(Outcome::MemberPut(Ok(()))), []);
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
        [Action::DelayLeave, Action::PutMember { periods: 1 }]
    );
    server.says(Outcome::MemberPut(Ok(())));
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
fn a_server_without_delayed_events_gets_the_membership_all_the_same() {
    let mut server = Server::enter(None);
    server.actions();
    assert_eq!(
        server.says(Outcome::Delayed(Err(Failure::Gone))),
        [Action::PutMember { periods: 1 }]
    );
    server.says(Outcome::MemberPut(Ok(())));
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
    server.says(Outcome::MemberPut(Ok(())));
    assert_eq!(server.keeper.delay_id(), Some("d0"));
}

#[test]
fn a_new_process_whose_delay_fired_is_a_member_again() {
    let mut server = Server::enter(Some("d0"));
    server.actions();
    assert_eq!(server.says(Outcome::MemberPut(Ok(()))), []);
    // The old leave overtook our put: the second put comes after it.
    assert_eq!(
        server.says(Outcome::Restarted(Err(Failure::Gone))),
        [Action::DelayLeave]
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
        server.says(Outcome::MemberPut(Ok(()))),
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
