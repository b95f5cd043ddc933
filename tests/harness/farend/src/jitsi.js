// A participant of a Jitsi conference with the web client's own library; tests call window.saal through Playwright.
const { JitsiMeetJS, config } = window;
const { conference: Events, connection: Connection, track: TrackEvents } = JitsiMeetJS.events;
JitsiMeetJS.setLogLevel(JitsiMeetJS.logLevels.ERROR);

/** What a person in front of this client would notice, in order. */
const noted = { messages: [], commands: [], errors: [], lobby: [], kicked: null, ended: null, subject: null, moderation: {}, approved: [] };
let call = null;

function connect(options) {
  const room = options.room.toLowerCase();
  const url = `${options.bosh ? config.bosh : config.websocket}?room=${encodeURIComponent(room)}`;
  const connection = new JitsiMeetJS.JitsiConnection(null, options.token ?? null, {
    hosts: config.hosts,
    serviceUrl: url,
    enableWebsocketResume: true,
    p2p: { enabled: options.p2p === true, stunServers: [] },
    deploymentInfo: {},
  });
  return new Promise((resolve, reject) => {
    connection.addEventListener(Connection.CONNECTION_ESTABLISHED, () => resolve(connection));
    connection.addEventListener(Connection.CONNECTION_FAILED, (...reason) => reject(new Error(`no connection: ${reason.join(" ")}`)));
    connection.connect();
  });
}

/** Makes this a browser that knows one codec: today's library looks at what the browser can. */
function forgetCodecs(codec) {
  for (const kind of [RTCRtpSender, RTCRtpReceiver]) {
    const all = kind.getCapabilities.bind(kind);
    const known = (one) => [`video/${codec}`, "video/rtx"].includes(one.mimeType);
    kind.getCapabilities = (media) => (media === "video" ? { ...all(media), codecs: all(media).codecs.filter(known) } : all(media));
  }
}

const onlyCodec = (codec) =>
  codec ? { preferredCodec: codec, enforcePreferredCodec: true, disabledCodec: codec === "VP8" ? "VP9" : "VP8" } : {};

/** What this browser decodes, or the one codec that it is to know. The library of the registries names one codec that it
 * prefers; the web client of today all. */
function tellCodecs(conference, codec) {
  const known = RTCRtpReceiver.getCapabilities("video").codecs.map((one) => one.mimeType.replace("video/", "").toLowerCase());
  const all = ["av1", "vp9", "vp8", "h264"].filter((one) => known.includes(one));
  conference.setLocalParticipantProperty("codecList", codec ? codec.toLowerCase() : all.join(","));
}

function conferenceOptions(options) {
  return {
    p2p: { enabled: options.p2p === true, backToP2PDelay: 1, stunServers: [] },
    videoQuality: { ...onlyCodec(options.codec) },
    disableSimulcast: options.simulcast === false,
    openBridgeChannel: options.channel ?? config.openBridgeChannel,
    enableLayerSuspension: true,
    disableThirdPartyRequests: true,
    testing: {},
    ...config.conference,
  };
}

/** Of two the one with the smaller name begins a direct session; the library takes the name from the connection. */
function nameEndpoint(xmpp, endpoint) {
  const create = xmpp.createRoom.bind(xmpp);
  xmpp.createRoom = (room, options) => create(room, options, () => endpoint);
}

function show(track) {
  const element = document.createElement(track.getType());
  element.autoplay = true;
  element.muted = track.isLocal();
  document.body.append(element);
  track.attach(element);
  track.saalElement = element;
}

function listen(conference, settle) {
  const on = (event, handler) => conference.on(event, handler);
  on(Events.CONFERENCE_JOINED, () => settle.joined("joined"));
  on(Events.CONFERENCE_FAILED, (error, ...details) => {
    noted.errors.push([error, ...details].map(String));
    settle.failed(error);
  });
  on(Events.TRACK_ADDED, (track) => track.isLocal() || show(track));
  on(Events.TRACK_REMOVED, (track) => track.saalElement?.remove());
  on(Events.MESSAGE_RECEIVED, (from, text) => noted.messages.push({ from, text }));
  on(Events.PRIVATE_MESSAGE_RECEIVED, (from, text) => noted.messages.push({ from, text, private: true }));
  on(Events.SUBJECT_CHANGED, (subject) => (noted.subject = subject));
  on(Events.KICKED, (by, reason) => (noted.kicked = { by: by?.getId?.() ?? null, reason: reason ?? null }));
  on(Events.CONFERENCE_LEFT, () => (noted.ended ??= "left"));
  on(Events.LOBBY_USER_JOINED, (id, name) => noted.lobby.push({ id, name }));
  on(Events.LOBBY_USER_LEFT, (id) => (noted.lobby = noted.lobby.filter((one) => one.id !== id)));
  on(Events.AV_MODERATION_CHANGED, ({ enabled, mediaType }) => (noted.moderation[mediaType] = enabled));
  on(Events.AV_MODERATION_APPROVED, ({ mediaType }) => noted.approved.push(mediaType));
  on(Events.ENDPOINT_MESSAGE_RECEIVED, (from, payload) => noted.commands.push({ from: from?.getId?.() ?? String(from), payload }));
}

/** Joins; resolves with the name of what came of it: joined, or the reason why not. */
async function join(options) {
  if (options.codec) forgetCodecs(options.codec);
  await JitsiMeetJS.init({ disableAudioLevels: true, flags: config.flags, enableAnalyticsLogging: false });
  const connection = await connect(options);
  if (options.endpoint) nameEndpoint(connection.xmpp, options.endpoint);
  const conference = connection.initJitsiConference(options.room.toLowerCase(), conferenceOptions(options));
  call = { connection, conference, tracks: [] };
  const settled = new Promise((resolve) => listen(conference, { joined: resolve, failed: resolve }));
  conference.setDisplayName(options.name);
  tellCodecs(conference, options.codec);
  if (options.camera !== false || options.microphone !== false) {
    const devices = [options.microphone !== false && "audio", options.camera !== false && "video"].filter(Boolean);
    call.tracks = await JitsiMeetJS.createLocalTracks({ devices, resolution: options.height ?? 360 });
    for (const track of call.tracks) await conference.addTrack(track);
  }
  conference.setReceiverConstraints({ lastN: -1, defaultConstraints: { maxHeight: options.watch ?? 360 } });
  conference.join(options.password);
  return await settled;
}

const local = (kind) => call.tracks.find((track) => track.getType() === kind && track.getVideoType?.() !== "desktop");

/** The library of the registries signals a second picture by the first one's name; the web client of today says v1. */
function nameSecondPicture(xmpp) {
  const send = xmpp.sendIQ.bind(xmpp);
  xmpp.sendIQ = (iq, ...rest) => {
    const tree = iq.tree?.() ?? iq;
    for (const source of tree.querySelectorAll('jingle[action="source-add"] source[name$="-v0"]'))
      source.setAttribute("name", source.getAttribute("name").replace(/0$/, "1"));
    return send(iq, ...rest);
  };
}

/** A second source: a moving picture that is not the camera's. */
async function share() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const context = canvas.getContext("2d");
  let frame = 0;
  setInterval(() => {
    context.fillStyle = "white";
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = "black";
    context.fillRect((frame++ * 20) % 1280, 0, 100, 720);
  }, 100);
  // The library asks for the screen; this is what a browser without one has to show.
  navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(10);
  nameSecondPicture(call.connection.xmpp.connection);
  const made = await JitsiMeetJS.createLocalTracks({ devices: ["desktop"] });
  call.tracks.push(...made);
  for (const one of made) await call.conference.addTrack(one);
  // The library of the registries tells its pictures' types when the focus answers; where that is before it counts the
  // second one as its own, nobody hears of it. The web client of today tells it with the picture.
  call.conference._updateRoomPresence(call.conference.getActiveMediaSession());
}

function participants() {
  return call.conference.getParticipants().map((one) => ({
    id: one.getId(),
    name: one.getDisplayName() ?? "",
    role: one.getRole(),
    raised_hand: Boolean(one.getProperty("raisedHand")),
    tracks: one.getTracks().map((track) => ({
      kind: track.getType(),
      muted: track.isMuted(),
      stream: track.getOriginalStream().id,
      source: track.getSourceName?.() ?? "",
      video_type: track.getVideoType?.() ?? "",
    })),
  }));
}

/** What a person does; the library's results are its own objects, which nobody needs outside. */
const actions = {
  join,
  share,
  leave: async () => {
    await call.conference.leave();
    await call.connection.disconnect();
    for (const track of call.tracks) await track.dispose();
  },
  mute: (kind, muted) => (muted ? local(kind).mute() : local(kind).unmute()),
  raiseHand: (up) => call.conference.setLocalParticipantProperty("raisedHand", up ? String(Date.now()) : undefined),
  say: (text) => call.conference.sendTextMessage(text),
  lock: (password) => call.conference.lock(password),
  lobby: (on) => (on ? call.conference.enableLobby() : call.conference.disableLobby()),
  knock: (name) => call.conference.joinLobby(name),
  admit: (id, yes) => (yes ? call.conference.lobbyApproveAccess(id) : call.conference.lobbyDenyAccess(id)),
  kick: (id, reason) => call.conference.kickParticipant(id, reason),
  muteOther: (id, kind) => call.conference.muteParticipant(id, kind),
  moderate: (kind, on) => (on ? call.conference.enableAVModeration(kind) : call.conference.disableAVModeration(kind)),
  approve: (kind, id) => call.conference.avModerationApprove(kind, id),
  end: () => call.conference.end(),
  subject: (text) => call.conference.setSubject(text),
  grantOwner: (id) => call.conference.grantOwner(id),
  // As the web client of today does by itself when somebody joins who does not know the codec; the library of the
  // registries can't.
  useCodec: async (mime) => {
    if (call.conference.qualityController) return;
    const sender = call.conference.jvbJingleSession.peerconnection.peerconnection.getSenders().find((one) => one.track?.kind === "video");
    const codec = RTCRtpSender.getCapabilities("video").codecs.find((one) => one.mimeType === mime);
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) encoding.codec = codec;
    await sender.setParameters(parameters);
  },
  send: (to, payload) => call.conference.sendMessage(payload, to, true),
  // Through the conference's chat room, where a transcriber speaks.
  sendToRoom: (payload) => call.conference.sendMessage(payload, "", false),
  watch: (constraints) => call.conference.setReceiverConstraints(constraints),
};

const done = (action) => async (...given) => {
  const result = await action(...given);
  return typeof result === "string" ? result : null;
};

window.saal = {
  ...Object.fromEntries(Object.entries(actions).map(([name, action]) => [name, done(action)])),
  participants,
  state: () => ({
    ...noted,
    id: call?.conference.myUserId() ?? null,
    role: call?.conference.room ? call.conference.getRole() : null,
    joined: call?.conference.isJoined() ?? false,
    p2p: call?.conference.isP2PActive() ?? false,
    members_only: Boolean(call?.conference.room?.membersOnlyEnabled),
  }),
  muted: () => Object.fromEntries(call.tracks.map((track) => [track.getVideoType?.() === "desktop" ? "desktop" : track.getType(), track.isMuted()])),
};
