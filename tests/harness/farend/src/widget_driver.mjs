// What the widget asks of its host, done by the host's Matrix client.
import { Method, ClientPrefix } from "matrix-js-sdk";
import { OpenIDRequestState, WidgetDriver } from "matrix-widget-api";

const DELAYED = "/_matrix/client/unstable/org.matrix.msc4140";

export class Driver extends WidgetDriver {
  constructor(client, roomId, state) {
    super();
    this.client = client;
    this.roomId = roomId;
    this.state = state;
  }

  /** The host trusts its widget: it is the one call client that it serves itself. */
  async validateCapabilities(requested) {
    return requested;
  }

  room(roomId) {
    return this.client.getRoom(roomId ?? this.roomId);
  }

  async sendEvent(type, content, stateKey = null, roomId = null) {
    const room = roomId ?? this.roomId;
    const sent =
      stateKey === null
        ? await this.client.sendEvent(room, type, content)
        : await this.client.sendStateEvent(room, type, content, stateKey);
    return { roomId: room, eventId: sent.event_id };
  }

  async sendStickyEvent(stickyDurationMs, type, content, roomId = null) {
    const room = roomId ?? this.roomId;
    const sent = await this.client._unstable_sendStickyEvent(room, stickyDurationMs, null, type, content);
    return { roomId: room, eventId: sent.event_id };
  }

  async sendDelayedEvent(delay, type, content, stateKey = null, roomId = null) {
    const room = roomId ?? this.roomId;
    const sent =
      stateKey === null
        ? await this.client._unstable_sendDelayedEvent(room, { delay }, null, type, content)
        : await this.client._unstable_sendDelayedStateEvent(room, { delay }, type, content, stateKey);
    this.state.delayed.push(sent.delay_id);
    return { roomId: room, delayId: sent.delay_id };
  }

  async sendDelayedStickyEvent(delay, stickyDurationMs, type, content, roomId = null) {
    const room = roomId ?? this.roomId;
    const sent = await this.client._unstable_sendStickyDelayedEvent(room, stickyDurationMs, { delay }, null, type, content);
    return { roomId: room, delayId: sent.delay_id };
  }

  updateDelayed(delayId, action) {
    const path = `/delayed_events/${encodeURIComponent(delayId)}/${action}`;
    return this.client.http.request(Method.Post, path, undefined, {}, { prefix: DELAYED });
  }

  async cancelScheduledDelayedEvent(delayId) {
    await this.updateDelayed(delayId, "cancel");
  }

  async restartScheduledDelayedEvent(delayId) {
    await this.updateDelayed(delayId, "restart");
  }

  async sendScheduledDelayedEvent(delayId) {
    await this.updateDelayed(delayId, "send");
  }

  async sendToDevice(type, encrypted, contentMap) {
    if (encrypted) return await this.sendEncrypted(type, contentMap);
    const content = new Map(Object.entries(contentMap).map(([user, devices]) => [user, new Map(Object.entries(devices))]));
    await this.client.sendToDevice(type, content);
  }

  async sendEncrypted(type, contentMap) {
    const crypto = this.client.getCrypto();
    if (!crypto) throw new Error("this host joined without encryption");
    // As Element Web: a device that is not known yet is asked for.
    await crypto.getUserDeviceInfo(Object.keys(contentMap), true);
    for (const [userId, devices] of Object.entries(contentMap)) {
      for (const [deviceId, content] of Object.entries(devices)) {
        this.lastKey = content;
        await this.client.encryptAndSendToDevice(type, [{ userId, deviceId }], content);
      }
    }
  }

  async readRoomState(roomId, type, stateKey) {
    const state = this.room(roomId)?.currentState;
    if (!state) return [];
    // What came before its key stands there as it came.
    const encrypted = state.getStateEvents("m.room.encrypted");
    await Promise.all(encrypted.map((event) => this.client.decryptEventIfNeeded(event)));
    const wanted = (event) => event.getType() === type && (stateKey === undefined || event.getStateKey() === stateKey);
    const newest = new Map();
    for (const event of [...state.getStateEvents(type), ...encrypted].filter(wanted)) {
      const known = newest.get(event.getStateKey());
      if (!known || known.getTs() < event.getTs()) newest.set(event.getStateKey(), event);
    }
    return [...newest.values()].map((event) => event.getEffectiveEvent());
  }

  async readRoomTimeline(roomId, type, msgtype, stateKey, limit) {
    const events = this.room(roomId)?.getLiveTimeline().getEvents() ?? [];
    return events
      .filter((event) => event.getType() === type && (!msgtype || event.getContent().msgtype === msgtype))
      .filter((event) => stateKey === undefined || event.getStateKey() === stateKey)
      .slice(-(limit || events.length))
      .map((event) => event.getEffectiveEvent());
  }

  async readStickyEvents(roomId) {
    return [...(this.room(roomId)?._unstable_getStickyEvents() ?? [])].map((event) => event.getEffectiveEvent());
  }

  async readEventRelations() {
    return { chunk: [] };
  }

  async readRoomAccountData() {
    return [];
  }

  askOpenID(observer) {
    this.client.getOpenIdToken().then(
      (token) => observer.update({ state: OpenIDRequestState.Allowed, token }),
      () => observer.update({ state: OpenIDRequestState.Blocked }),
    );
  }

  async getRtcTransports() {
    const path = "/org.matrix.msc4143/rtc/transports";
    return await this.client.http.authedRequest(Method.Get, path, undefined, undefined, { prefix: ClientPrefix.Unstable });
  }

  getKnownRooms() {
    return this.client.getVisibleRooms().map((room) => room.roomId);
  }

  processError(error) {
    if (!error?.httpStatus) return undefined;
    const response = { errcode: error.errcode ?? "M_UNKNOWN", error: String(error.error ?? error.message) };
    return { matrix_api_error: { http_status: error.httpStatus, http_headers: {}, url: error.url ?? "", response } };
  }
}
