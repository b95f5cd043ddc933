//! Where the camera looks: arrows, zoom, saved positions, and which camera it is.

use saal_core::Intent;
use saal_media_protocol::{CameraAction, CameraMoves, CameraState, CameraView, PictureDevice};
use taffy::AlignItems;

use super::{
    super::{Fit, Page, paging::List, parts::Tones},
    more::white,
    sheet::{Head, list, sheet},
};
use crate::{
    Layout, Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, icon, row, text},
    style::Type,
    view::Call,
};

/// Thousandths of the camera's range for one touch: less where the picture is narrow.
const TURN: i32 = 80;
const TURN_NARROW: i32 = 30;
const ZOOM: i32 = 100;
/// From here on a picture is narrow.
const NARROW: i32 = 500;

pub(super) fn aim(page: &Page<'_>, call: &Call) -> Node {
    let head = Head {
        title: page.words.say(Message::CameraAim),
        back: None,
    };
    let Some(camera) = &call.camera.state else {
        return sheet(page, call, &head, Node::default(), None);
    };
    let roomy = page.is_complete();
    let content = match (roomy, page.scale.is_narrow()) {
        (true, false) => row([
            cross(page, camera).share(),
            column([zoom(page, camera), positions(page, call, 2)])
                .gap(page.px(20.0))
                .share(),
        ])
        .gap(page.px(40.0))
        .align(AlignItems::STRETCH),
        (true, true) => column([
            cross(page, camera).share(),
            zoom(page, camera),
            positions(page, call, 2),
        ])
        .gap(page.px(16.0)),
        (false, portrait) => {
            let across = if portrait { 3 } else { 7 };
            column([one_line(page, camera), positions(page, call, across)]).gap(page.px(12.0))
        }
    };
    sheet(page, call, &head, content, None)
}

/// One of the ways to move.
struct Way {
    id: &'static str,
    mark: Icon,
    label: Message,
    by: CameraView,
    can: fn(CameraMoves) -> bool,
}

const fn by(zoom: i32, pan: i32, tilt: i32) -> CameraView {
    CameraView { zoom, pan, tilt }
}

const fn way(
    (id, mark, label): (&'static str, Icon, Message),
    by: CameraView,
    can: fn(CameraMoves) -> bool,
) -> Way {
    Way {
        id,
        mark,
        label,
        by,
        can,
    }
}

const LEFT: Way = way(
    ("camera-left", Icon::Left, Message::CameraLeft),
    by(0, -1, 0),
    |moves| moves.pan,
);
const RIGHT: Way = way(
    ("camera-right", Icon::Right, Message::CameraRight),
    by(0, 1, 0),
    |moves| moves.pan,
);
const UP: Way = way(
    ("camera-up", Icon::Up, Message::CameraUp),
    by(0, 0, 1),
    |moves| moves.tilt,
);
const DOWN: Way = way(
    ("camera-down", Icon::Down, Message::CameraDown),
    by(0, 0, -1),
    |moves| moves.tilt,
);
const NEARER: Way = way(
    ("zoom-in", Icon::ZoomIn, Message::ZoomIn),
    by(1, 0, 0),
    |moves| moves.zoom,
);
const FARTHER: Way = way(
    ("zoom-out", Icon::ZoomOut, Message::ZoomOut),
    by(-1, 0, 0),
    |moves| moves.zoom,
);

/// Four arrows around the way back to the widest view.
fn cross(page: &Page<'_>, camera: &CameraState) -> Node {
    let nothing = || Node::default().share();
    let lines = [
        [nothing(), arrow(page, camera, &UP), nothing()],
        [
            arrow(page, camera, &LEFT),
            straight(page),
            arrow(page, camera, &RIGHT),
        ],
        [nothing(), arrow(page, camera, &DOWN), nothing()],
    ];
    let lines = lines.map(|line| line_of(page, line).share());
    column(lines)
        .gap(page.px(12.0))
        .most_high(page.em(360.0))
        .keeps_order()
}

fn line_of(page: &Page<'_>, parts: impl IntoIterator<Item = Node>) -> Node {
    row(parts).gap(page.px(12.0)).align(AlignItems::STRETCH)
}

/// All ways beside each other.
fn one_line(page: &Page<'_>, camera: &CameraState) -> Node {
    let ways = [&LEFT, &RIGHT, &UP, &DOWN, &FARTHER, &NEARER];
    let arrows = ways.map(|way| arrow(page, camera, way));
    if !page.scale.is_narrow() {
        return line_of(page, arrows).share().keeps_order();
    }
    let mut arrows = arrows.into_iter();
    let lines = [(); 2].map(|()| line_of(page, arrows.by_ref().take(3)).share());
    column(lines).gap(page.px(12.0)).share().keeps_order()
}

fn zoom(page: &Page<'_>, camera: &CameraState) -> Node {
    let percent = i64::from(camera.view.zoom / 10);
    let words = page
        .words
        .tell(Message::CameraZoom, [("percent", percent.into())]);
    let label = text(
        words.clone(),
        page.font(Type::Strong).figures().centred(),
        page.theme.text.0,
    )
    .share()
    .means(Meaning::new("zoom", Role::Status, words));
    let label = row([label]).share();
    line_of(
        page,
        [
            arrow(page, camera, &FARTHER),
            label,
            arrow(page, camera, &NEARER),
        ],
    )
    .at_least(0.0, page.scale.touch(72.0))
    .rigid()
    .keeps_order()
}

fn arrow(page: &Page<'_>, camera: &CameraState, way: &Way) -> Node {
    let can = (way.can)(camera.moves);
    let turn = if camera.view.zoom >= NARROW {
        TURN_NARROW
    } else {
        TURN
    };
    let view = camera.view.moved(CameraView {
        zoom: way.by.zoom * ZOOM,
        pan: way.by.pan * turn,
        tilt: way.by.tilt * turn,
    });
    let label = page.words.say(way.label);
    let meaning = Meaning::new(way.id, Role::Button, label)
        .intent(Intent::Camera(CameraAction::Look { view }))
        .disabled(!can);
    let mut tones = white(page);
    if !can {
        tones = Tones {
            rest: page.theme.button.0,
            on: page.theme.text_quiet.0,
            ..tones
        };
    }
    key(page, way.mark, tones, meaning)
}

/// Back to where the camera begins.
fn straight(page: &Page<'_>) -> Node {
    let view = CameraView::default();
    let label = page.words.say(Message::CameraStraight);
    let meaning = Meaning::new("camera-straight", Role::Button, label)
        .intent(Intent::Camera(CameraAction::Look { view }));
    key(page, Icon::Straight, page.quiet(), meaning)
}

fn key(page: &Page<'_>, mark: Icon, tones: Tones, meaning: Meaning) -> Node {
    let fill = page.tone(tones, &meaning.id);
    row([icon(mark, page.em(36.0), tones.on)])
        .centred()
        .at_least(page.scale.touch(64.0), page.scale.touch(64.0))
        .share()
        .fill(fill)
        .round(page.px(18.0))
        .means(meaning)
}

/// What was saved, and a way to save more.
fn positions(page: &Page<'_>, call: &Call, across: usize) -> Node {
    let saved = call.camera.presets.iter().enumerate();
    let saved = saved.map(|(index, name)| {
        let action = CameraAction::Go {
            preset: name.clone(),
        };
        let label = page.title(name);
        let meaning = Meaning::new(format!("position:{index}"), Role::Button, label.clone())
            .intent(Intent::Camera(action));
        position(page, None, label, white(page), meaning)
    });
    let cells: Vec<Node> = saved.chain([save(page, call)]).collect();
    in_lines(page, cells, across)
}

fn in_lines(page: &Page<'_>, cells: Vec<Node>, across: usize) -> Node {
    let mut cells = cells.into_iter().peekable();
    let mut lines = Vec::new();
    while cells.peek().is_some() {
        let line: Vec<Node> = cells.by_ref().take(across).collect();
        lines.push(page.cells(line.into_iter(), across));
    }
    column(lines).gap(page.px(12.0)).rigid()
}

fn save(page: &Page<'_>, call: &Call) -> Node {
    let label = page.words.say(Message::CameraSave);
    let meaning = Meaning::new("position-save", Role::Button, label.clone());
    // Without any there is nothing to choose.
    let meaning = if call.camera.presets.is_empty() {
        let preset = new_name(page, call);
        meaning.intent(Intent::Camera(CameraAction::Save { preset }))
    } else {
        meaning.step(Step::Open(Sheet::SavePosition))
    };
    position(page, Some(Icon::SavePosition), label, page.soft(), meaning)
}

fn position(
    page: &Page<'_>,
    mark: Option<Icon>,
    label: String,
    tones: Tones,
    meaning: Meaning,
) -> Node {
    let fill = page.tone(tones, &meaning.id);
    let words = text(label, page.font(Type::Label).lines(2).centred(), tones.on);
    let mark = mark.map(|mark| icon(mark, page.em(24.0), tones.on));
    row(mark.into_iter().chain([words]))
        .gap(page.px(8.0))
        .centred()
        .paddings(page.px(10.0), page.px(6.0))
        .at_least(page.scale.touch(64.0), page.scale.touch(64.0))
        .grow()
        .fill(fill)
        .round(page.px(16.0))
        .means(meaning)
}

/// The first number that no position has.
fn new_name(page: &Page<'_>, call: &Call) -> String {
    let named = |number: i64| {
        page.words
            .tell(Message::CameraPosition, [("number", number.into())])
    };
    let taken = |name: &String| call.camera.presets.contains(name);
    (1..=99)
        .map(named)
        .find(|name| !taken(name))
        .unwrap_or_else(|| named(100))
}

/// Which position to replace, or a new one.
pub(super) fn save_position(page: &Page<'_>, call: &Call) -> Node {
    let head = Head {
        title: page.words.say(Message::CameraSaveWhere),
        back: Some(Sheet::Camera),
    };
    let into = |id: String, label: String, preset: String, mark, tones| {
        let meaning = Meaning::new(id, Role::Button, label.clone())
            .intent(Intent::Camera(CameraAction::Save { preset }))
            .step(Step::Open(Sheet::Camera));
        position(page, mark, label, tones, meaning)
    };
    let saved = call.camera.presets.iter().enumerate();
    let saved = saved.map(|(index, name)| {
        let id = format!("position:{index}");
        into(id, page.title(name), name.clone(), None, white(page))
    });
    let new = call.camera.takes_preset.then(|| {
        let label = page.words.say(Message::CameraSaveNew);
        let (id, mark) = ("position-new".to_owned(), Some(Icon::SavePosition));
        into(id, label, new_name(page, call), mark, page.soft())
    });
    let across = if page.scale.is_narrow() { 2 } else { 4 };
    let cells: Vec<Node> = saved.chain(new).collect();
    sheet(page, call, &head, in_lines(page, cells, across), None)
}

/// The cameras that there are.
pub(super) fn choose(fit: &mut Fit<'_>, call: &Call) -> Layout {
    let head = Head {
        title: fit.page.words.say(Message::CameraChoose),
        back: None,
    };
    let cameras = &call.camera.cameras;
    let rows = List {
        len: cameras.len(),
        row: &|page, index| camera_row(page, call, index, &cameras[index]),
        leads: &|_| false,
        uniform: true,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        list(page, call, &head, rows, pager)
    })
}

fn camera_row(page: &Page<'_>, call: &Call, index: usize, camera: &PictureDevice) -> Node {
    let in_use = call
        .camera
        .state
        .as_ref()
        .is_some_and(|c| c.id == camera.id);
    let tones = if in_use { page.soft() } else { white(page) };
    let label = page.title(&camera.name);
    let state = in_use.then(|| page.words.say(Message::CameraInUse));
    let id = format!("camera:{index}");
    let meaning = Meaning::new(&id, Role::Switch, label.clone())
        .described(state.clone().unwrap_or_default())
        .pressed(in_use)
        .intent(Intent::Camera(CameraAction::Use {
            camera: camera.id.clone(),
        }))
        .step(Step::Close);
    let words = text(label, page.font(Type::Strong), tones.on).share();
    let state = state.map(|state| text(state, page.font(Type::Small), tones.on).rigid());
    let mark = icon(Icon::Camera, page.em(30.0), tones.on);
    row([mark, words].into_iter().chain(state))
        .gap(page.px(16.0))
        .paddings(page.px(20.0), 0.0)
        .height(page.scale.touch(84.0))
        .fill(page.tone(tones, &id))
        .round(page.px(20.0))
        .means(meaning)
}
