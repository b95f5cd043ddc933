use super::*;

fn jingle(inner: &str) -> Element {
    Element::parse(&format!(
        "<jingle xmlns='urn:xmpp:jingle:1'>{inner}</jingle>"
    ))
    .unwrap()
}

fn source(name: &str, owner: &str, ssrc: u32, rtx: Option<u32>, kind: SourceKind) -> Source {
    Source {
        name: name.into(),
        owner: owner.into(),
        stream: StreamSsrc { ssrc, rtx },
        kind,
    }
}

#[test]
fn plain_jingle_names_owner_and_groups() {
    let jingle = jingle(
        "<content name='audio'><description media='audio'>\
         <source ssrc='1' name='aaaa-a0'><parameter name='msid' value='m t'/>\
         <ssrc-info xmlns='http://jitsi.org/jitmeet' owner='r@conference.x/aaaa'/></source>\
         </description></content>\
         <content name='video'><description media='video'>\
         <source ssrc='10' name='aaaa-v1' videoType='desktop'/><source ssrc='11' name='aaaa-v1'/>\
         <source ssrc='12' name='aaaa-v1'/><source ssrc='13' name='aaaa-v1'/>\
         <ssrc-group semantics='SIM'><source ssrc='10'/><source ssrc='12'/></ssrc-group>\
         <ssrc-group semantics='FID'><source ssrc='10'/><source ssrc='11'/></ssrc-group>\
         <ssrc-group semantics='FID'><source ssrc='12'/><source ssrc='13'/></ssrc-group>\
         </description></content>",
    );
    let expected = [
        source("aaaa-a0", "aaaa", 1, None, SourceKind::Microphone),
        source("aaaa-v1", "aaaa", 10, Some(11), SourceKind::Content),
    ];
    assert_eq!(read(&jingle), expected);
}

#[test]
fn clients_without_source_names_are_told_apart_by_their_streams() {
    let jingle = jingle(
        "<content name='video'><description media='video'>\
         <source ssrc='1'><parameter name='msid' value='stream track'/>\
         <ssrc-info owner='r@conference.x/old'/></source><source ssrc='2'/></description></content>",
    );
    let expected = source("stream track", "old", 1, None, SourceKind::Camera);
    assert_eq!(read(&jingle), [expected]);
}

#[test]
fn compact_json_says_the_same() {
    let jingle = jingle(
        "<json-message xmlns='http://jitsi.org/jitmeet'>{\"sources\":{\"aaaa\":[\
         [{\"s\":10,\"n\":\"aaaa-v1\",\"v\":\"d\"},{\"s\":11,\"n\":\"aaaa-v1\"},{\"s\":12,\"n\":\"aaaa-v1\"}],\
         [[\"s\",10,12],[\"f\",10,11]],[{\"s\":1,\"n\":\"aaaa-a0\"}],[]],\"bad\":7}}</json-message>",
    );
    let expected = [
        source("aaaa-v1", "aaaa", 10, Some(11), SourceKind::Content),
        source("aaaa-a0", "aaaa", 1, None, SourceKind::Microphone),
    ];
    assert_eq!(read(&jingle), expected);
}

#[test]
fn the_same_again_changes_nothing_and_a_new_kind_is_told() {
    let mut received = Received::default();
    let camera = source("a-v0", "a", 1, None, SourceKind::Camera);
    assert_eq!(
        received.put(camera.clone()),
        [Change::Receive(camera.clone(), true)]
    );
    assert_eq!(received.put(camera.clone()), []);
    let mut moved = camera.clone();
    moved.stream.ssrc = 2;
    assert_eq!(received.put(moved.clone()), [Change::Receive(moved, false)]);
    let mut desktop = camera;
    desktop.kind = SourceKind::Content;
    assert_eq!(
        received.put(desktop.clone()),
        [Change::Receive(desktop, true)]
    );
}

#[test]
fn a_stranger_s_list_has_an_end() {
    let mut received = Received::default();
    for number in 1..2000 {
        let name = format!("x-v{number}");
        received.put(source(&name, "x", number, None, SourceKind::Camera));
    }
    assert_eq!(received.iter().count(), MAX_SOURCES);
    assert_eq!(received.remove_owner("x").len(), MAX_SOURCES);
}
