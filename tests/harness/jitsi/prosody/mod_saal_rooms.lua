-- On the component of the conferences: what a lobby adds to a room that only members may enter.
local st = require "util.stanza";
local jid = require "util.jid";
local json = require "util.json";
local uuid = require "util.uuid".generate;

local lobby_host = module:get_option_string("saal_lobby_host");

local function lobby_of(room)
	return jid.join(jid.node(room.jid), lobby_host);
end

local function lobby_service()
	return prosody.hosts[lobby_host].modules.muc;
end

-- Tells everybody in the room, in the name of the one who did it.
local function notify(room, from, message)
	message.type = "lobby-notify";
	room:broadcast_message(st.message({ type = "groupchat", from = from })
		:tag("json-message", { xmlns = "http://jitsi.org/jitmeet" }):text(json.encode(message)):up());
end

local function open_lobby(room)
	-- Who is inside stays inside.
	for _, occupant in room:each_occupant() do
		if not room:get_affiliation(occupant.bare_jid) then
			room:set_affiliation(true, occupant.bare_jid, "member");
		end
	end
	local address = lobby_of(room);
	if not lobby_service().get_room_from_jid(address) then
		lobby_service().create_room(address).saal_of = room.jid;
	end
end

local function close_lobby(room)
	local lobby = lobby_service().get_room_from_jid(lobby_of(room));
	if lobby then lobby:destroy(room.jid, "Lobby room closed."); end
end

module:hook("muc-config-submitted/muc#roomconfig_membersonly", function(event)
	local room = event.room;
	if event.value == (room:get_members_only() or false) then return; end
	if event.value then open_lobby(room) else close_lobby(room) end
	local actor = room:get_occupant_by_real_jid(event.actor);
	notify(room, actor and actor.nick or room.jid, { event = "LOBBY-ENABLED", value = event.value });
end, 10);

-- What a client asks a room about before and after it has joined.
module:hook("muc-disco#info", function(event)
	local room = event.room;
	room._data.saal_meeting_id = room._data.saal_meeting_id or uuid();
	room._data.saal_created = room._data.saal_created or os.time() * 1000;
	local function field(name, label, value)
		table.insert(event.form, { name = name, type = "text-single", label = label, value = value });
	end
	field("muc#roominfo_meetingId", "The meeting unique id.", room._data.saal_meeting_id);
	field("muc#roominfo_created_timestamp", "The meeting created_timestamp.", tostring(room._data.saal_created));
	if room:get_members_only() then field("muc#roominfo_lobbyroom", "Lobby room jid", lobby_of(room)); end
end);

module:hook("muc-room-destroyed", function(event) close_lobby(event.room); end);

-- A stranger gets the lobby's address; who is invited from there has become a member.
module:hook("muc-occupant-pre-join", function(event)
	local room, stanza = event.room, event.stanza;
	if not room:get_members_only() or room:get_affiliation(event.occupant.bare_jid) then return; end
	local reply = st.error_reply(stanza, "auth", "registration-required");
	reply.tags[1].attr.code = "407";
	reply:tag("lobbyroom", { xmlns = "http://jitsi.org/jitmeet" }):text(lobby_of(room)):up():up();
	reply:tag("lobbyroom"):text(lobby_of(room)):up();
	reply:tag("x", { xmlns = "http://jabber.org/protocol/muc" });
	event.origin.send(reply);
	return true;
end, 8);

local function waiting(room, real_jid)
	local lobby = lobby_service().get_room_from_jid(lobby_of(room));
	return lobby and lobby:get_occupant_by_real_jid(real_jid);
end

local function name_of(occupant)
	local presence = occupant:get_presence();
	return presence and presence:get_child_text("nick", "http://jabber.org/protocol/nick");
end

module:hook("muc-invite", function(event)
	local room, stanza = event.room, event.stanza;
	local knocker = waiting(room, stanza.attr.to);
	local invite = stanza:get_child("x", "http://jabber.org/protocol/muc#user"):get_child("invite");
	local inviter = room:get_occupant_by_real_jid(invite.attr.from);
	if knocker and inviter then
		notify(room, inviter.nick, { event = "LOBBY-ACCESS-GRANTED", name = name_of(knocker), value = knocker.nick });
	end
end, 10);

-- Called by the lobby's module when a moderator turns somebody away.
module:hook("saal-denied", function(event)
	local room = module:depends("muc").get_room_from_jid(event.room);
	local actor = room and room:get_occupant_by_real_jid(event.actor);
	if actor then
		notify(room, actor.nick, { event = "LOBBY-ACCESS-DENIED", name = name_of(event.knocker), value = event.knocker.nick });
	end
end);

-- The token is the client host's business; the answer is the room's.
module:hook("muc-occupant-pre-join", function(event)
	local host = module:get_option_string("saal_client_host");
	local session = prosody.full_sessions[event.stanza.attr.from];
	local checker = prosody.hosts[host] and prosody.hosts[host].modules.saal_host;
	if not session or session.host ~= host or not checker then return; end
	local allowed, reason = checker.may_enter(session, jid.node(event.room.jid));
	if allowed then return; end
	event.origin.send(st.error_reply(event.stanza, "cancel", "not-allowed", reason));
	return true;
end, 99);

-- A room that takes no more people.
module:hook("muc-occupant-pre-join", function(event)
	local most = module:get_option_number("saal_max_occupants");
	if not most or jid.resource(event.occupant.nick) == "focus" then return; end
	local count = 0;
	for _, occupant in event.room:each_occupant() do
		if jid.resource(occupant.nick) ~= "focus" then count = count + 1; end
	end
	if count < most then return; end
	event.origin.send(st.error_reply(event.stanza, "cancel", "service-unavailable"));
	return true;
end, 10);
