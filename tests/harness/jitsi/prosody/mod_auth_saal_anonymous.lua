-- ANONYMOUS with names as Jitsi's servers give them (UUIDs), for those who bring a good token where one is asked for.
-- Who names a stream that can be resumed gets its name again.
local new_sasl = require "util.sasl".new;
local uuid = require "util.uuid".generate;

local provider = {};

local function name_of(stream)
	for _, session in pairs(stream and prosody.full_sessions or {}) do
		if session.resumption_token == stream then return session.username; end
	end
end

function provider.get_sasl_handler(session)
	local handler = new_sasl(module.host, { anonymous = function() return true; end });
	local process = handler.process;
	function handler:process(message)
		local allowed, reason = prosody.hosts[module.host].modules.saal_host.may_come(session);
		if not allowed then return "failure", "not-allowed", reason; end
		local status, text, more = process(self, message);
		if status == "success" then self.username = name_of(session.saal_previous) or uuid(); end
		return status, text, more;
	end
	return handler;
end

module:provides("auth", provider);
