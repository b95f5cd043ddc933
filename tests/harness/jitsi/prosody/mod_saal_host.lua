-- On the virtual host of the clients: says in disco#info which services a conference server has, remembers the room that
-- a client named in the address of its connection, and checks the token where one is asked for.
local hashes = require "util.hashes";
local base64 = require "util.encodings".base64;
local json = require "util.json";

for _, service in ipairs(module:get_option_array("saal_services", {})) do
	module:add_identity("component", service.type, service.host);
end

local function parameter(request, name)
	local query = request and request.url and request.url.query or "";
	local value = ("&" .. query):match("&" .. name .. "=([^&]*)");
	return value and value:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)); end) or nil;
end

local function remember(event)
	event.session.saal_room = parameter(event.request, "room");
	event.session.saal_token = parameter(event.request, "token");
	event.session.saal_previous = parameter(event.request, "previd");
end
-- Connections begin before they belong to a host.
module:hook_global("websocket-session", remember);
module:hook_global("bosh-session", remember);

local function from_url_base64(text)
	text = text:gsub("-", "+"):gsub("_", "/");
	return base64.decode(text .. ("="):rep(-#text % 4));
end

-- A JWT with HS256 (RFC 7519): its claims, or nothing and the reason.
local function claims_of(token, key)
	local signed, payload, signature = (token or ""):match("^([%w_-]+%.([%w_-]+))%.([%w_-]+)$");
	if not signed then return nil, "token required"; end
	if hashes.hmac_sha256(key, signed) ~= from_url_base64(signature) then return nil, "invalid signature"; end
	local claims = json.decode(from_url_base64(payload));
	if claims.exp and claims.exp < os.time() then return nil, "token expired"; end
	return claims;
end

local key = module:get_option_string("saal_token_key");
-- What the authentication asks: the token has to be good.
function may_come(session) -- luacheck: ignore 131
	if not key then return true; end
	local claims, reason = claims_of(session.saal_token, key);
	session.saal_claims = claims;
	return claims ~= nil, reason;
end

-- What the room module asks: the token has to be for this room.
function may_enter(session, room) -- luacheck: ignore 131
	local claims = session.saal_claims;
	if not claims then return true; end
	return claims.room == nil or claims.room == "*" or claims.room == room, "room and token do not fit";
end
