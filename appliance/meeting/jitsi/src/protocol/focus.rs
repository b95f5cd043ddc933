//! The conference request: Jicofo makes the room and says whether it can be entered.

use serde_json::{Value, json};

use super::{ns, xml::Element};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConferenceRequest {
    /// Bare JID of the MUC.
    pub(crate) room: String,
    /// Names this machine, so that a login outlives a reload.
    pub(crate) machine_uid: String,
    /// Of an earlier answer, with a login.
    pub(crate) session_id: Option<String>,
    /// The link's token.
    pub(crate) token: Option<String>,
    /// Enter as audience.
    pub(crate) visitor: bool,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FocusAnswer {
    /// Enter.
    Ready(Ready),
    /// Ask again soon.
    NotReady {
        /// Somebody with a login has to open the meeting.
        authentication: bool,
    },
    /// A large meeting that has not begun for its audience.
    NotLive,
    /// Enter as audience, on another server.
    Redirect {
        /// Name of that server in the installation.
        vnode: String,
        /// The focus there.
        focus: String,
    },
    /// Only people with a login may make this room.
    NotAuthorized,
    /// Ask again without the session's id.
    SessionInvalid,
    /// The reservation system refuses.
    Reservation {
        /// HTTP-like.
        code: String,
        /// In its words.
        text: String,
    },
    /// Anything else.
    Failed {
        /// For the log.
        reason: String,
    },
}

/// A positive answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ready {
    /// Bare JID by which the focus is recognised in the room.
    pub(crate) focus: Option<String>,
    /// For the next request.
    pub(crate) session_id: Option<String>,
}

impl ConferenceRequest {
    fn properties(&self) -> Vec<(&'static str, &'static str)> {
        let mut properties = vec![("rtcstatsEnabled", "false"), ("visitors-version", "1")];
        if self.visitor {
            properties.push(("visitor", "true"));
        }
        properties
    }

    /// To send in an IQ of type `set` to the focus component.
    pub(crate) fn to_element(&self) -> Element {
        let properties = self.properties().into_iter().map(|(name, value)| {
            Element::new("property", ns::FOCUS)
                .with("name", name)
                .with("value", value)
        });
        Element::new("conference", ns::FOCUS)
            .with("machine-uid", self.machine_uid.clone())
            .with("room", self.room.clone())
            .with_some("session-id", self.session_id.clone())
            .with_some("token", self.token.clone())
            .children(properties)
    }

    /// To POST instead, where the installation offers an address for it.
    pub(crate) fn to_json(&self) -> String {
        let mut properties = json!({ "rtcstatsEnabled": false, "visitors-version": 1 });
        if self.visitor {
            properties["visitor"] = json!(true);
        }
        let mut body = json!({
            "room": self.room,
            "machineUid": self.machine_uid,
            "properties": properties,
        });
        if let Some(id) = &self.session_id {
            body["sessionId"] = json!(id);
        }
        body.to_string()
    }
}

impl FocusAnswer {
    /// Reads the IQ that answers.
    pub(crate) fn from_iq(iq: &Element) -> Self {
        if iq.attr("type") == Some("error") {
            return Self::from_error(iq.find("error"));
        }
        let Some(conference) = iq.get("conference", ns::FOCUS) else {
            return Self::Failed {
                reason: "the focus answers without a conference".to_owned(),
            };
        };
        let property = |name: &str| {
            let named = conference
                .all("property")
                .find(|p| p.attr("name") == Some(name));
            named.and_then(|p| p.attr("value")).map(str::to_owned)
        };
        let attribute = |name| conference.attr(name).map(str::to_owned);
        Self::positive(
            conference.attr("ready") == Some("true"),
            attribute("vnode"),
            attribute("focusjid"),
            attribute("session-id"),
            &property,
        )
    }

    fn from_error(error: Option<&Element>) -> Self {
        let has = |name| error.is_some_and(|error| error.find(name).is_some());
        let text = error.and_then(|e| e.text_of("text")).unwrap_or_default();
        if let Some(reservation) = error.and_then(|e| e.find("reservation-error")) {
            let code = reservation.attr("error-code").unwrap_or_default();
            return Self::Reservation {
                code: code.to_owned(),
                text,
            };
        }
        if has("session-invalid") || has("not-acceptable") {
            return Self::SessionInvalid;
        }
        if has("not-authorized") {
            return Self::NotAuthorized;
        }
        let condition = error.and_then(|e| e.elements().next());
        let condition = condition.map_or("no condition", |c| c.name.as_str());
        Self::Failed {
            reason: format!("the focus answers {condition} {text}"),
        }
    }

    /// Reads the HTTP answer.
    pub(crate) fn from_http(status: u16, body: &str) -> Self {
        match status {
            200..=299 => {}
            403 => return Self::NotAuthorized,
            400 if body.contains("invalid-session") => return Self::SessionInvalid,
            _ => {
                return Self::Failed {
                    reason: format!("the conference request is answered with {status}"),
                };
            }
        }
        let Ok(answer) = serde_json::from_str::<Value>(body) else {
            return Self::Failed {
                reason: "the conference request is answered with something else".to_owned(),
            };
        };
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let property = |name: &str| match &answer["properties"][name] {
            Value::String(text) => Some(text.clone()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        };
        Self::positive(
            answer["ready"].as_bool() == Some(true),
            text("vnode"),
            text("focusJid"),
            text("sessionId"),
            &property,
        )
    }

    fn positive(
        ready: bool,
        vnode: Option<String>,
        focus: Option<String>,
        session_id: Option<String>,
        property: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let is = |name, value: &str| property(name).is_some_and(|v| v == value);
        if is("live", "false") {
            return Self::NotLive;
        }
        match (ready, vnode) {
            (false, _) => Self::NotReady {
                authentication: is("authentication", "true"),
            },
            (true, Some(vnode)) if !vnode.is_empty() => Self::Redirect {
                vnode,
                focus: focus.unwrap_or_default(),
            },
            (true, _) => Self::Ready(Ready { focus, session_id }),
        }
    }
}

#[cfg(test)]
mod tests;
