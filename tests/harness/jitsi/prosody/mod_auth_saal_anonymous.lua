-- ANONYMOUS with names as Jitsi's servers give them (UUIDs), for those who bring a good token where one is asked for.
local new_sasl = require "util.sasl".new;
local uuid = require "util.uuid".generate;

local provider = {};

function provider.get_sasl_handler(session)
	local handler = new_sasl(module.host, { anonymous = function() return true; end });
	local process = handler.process;
	function handler:process(message)
		local allowed, reason = prosody.hosts[module.host].modules.saal_host.may_come(session);
		if not allowed then return "failure", "not-allowed", reason; end
		local status, text, more = process(self, message);
		if status == "success" then self.username = uuid(); end
		return status, text, more;
	end
	return handler;
end

module:provides("auth", provider);
