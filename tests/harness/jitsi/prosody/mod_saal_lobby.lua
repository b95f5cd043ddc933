-- On the component of the lobbies: rooms exist only while their conference has a lobby, moderators of the conference
-- are owners here, and those who wait do not see each other.
local st = require "util.stanza";
local jid = require "util.jid";
local muc_host = module:get_option_string("saal_muc_host");

local function conference_of(lobby_jid)
	return prosody.hosts[muc_host].modules.muc.get_room_from_jid(jid.join(jid.node(lobby_jid), muc_host));
end

-- Nobody opens a lobby by joining it.
module:hook("muc-room-pre-create", function(event)
	event.origin.send(st.error_reply(event.stanza, "cancel", "item-not-found"));
	return true;
end, 10);

local function sees(viewer, stanza)
	return stanza.name ~= "presence" or viewer.role == "moderator" or stanza.attr.from == viewer.nick
		or stanza.attr.type == "unavailable";
end

module:hook("muc-room-created", function(event)
	local room = event.room;
	local route = room.route_to_occupant;
	function room:route_to_occupant(occupant, stanza)
		if sees(occupant, stanza) then return route(self, occupant, stanza); end
	end
	local list = room.send_occupant_list;
	function room:send_occupant_list(to, filter)
		local viewer = self:get_occupant_by_real_jid(to);
		if viewer and viewer.role == "moderator" then return list(self, to, filter); end
	end
end);

module:hook("muc-occupant-pre-join", function(event)
	local conference = conference_of(event.room.jid);
	local real = event.occupant.bare_jid;
	if conference and conference:get_affiliation(real) == "owner" then
		event.room:set_affiliation(true, real, "owner");
		event.occupant.role = "moderator";
	end
end, 10);

module:hook("muc-pre-set-role", function(event)
	if not event.role and event.room:get_affiliation(event.actor) == "owner" then
		prosody.hosts[muc_host].events.fire_event("saal-denied",
			{ room = jid.join(jid.node(event.room.jid), muc_host), actor = event.actor, knocker = event.occupant });
	end
end);

-- A client that named a room with a lobby in its address has to bring a name.
module:hook("host-disco-info-node", function(event)
	if event.node ~= "lobbyrooms" then return; end
	local room = event.origin.saal_room and conference_of(event.origin.saal_room .. "@" .. muc_host);
	if room and room:get_members_only() then
		event.reply:tag("feature", { var = "http://jitsi.org/protocol/lobbyrooms#displayname_required" }):up();
	end
	event.exists = true;
end);
