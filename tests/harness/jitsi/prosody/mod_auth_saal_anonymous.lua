-- ANONYMOUS with names as Jitsi's servers give them (UUIDs), for those who bring a good token where one is asked for.
-- Who names the stream that it will resume (previd in the address) gets that stream's name: XEP-0198 resumes nobody else's.
local new_sasl = require "util.sasl".new;
local uuid = require "util.uuid".generate;

-- user@host/resumption token -> session
local resumable = module:shared "/*/smacks/resumption-tokens";

local function name_of(resumed)
	if not resumed then return nil; end
	for address in pairs(resumable) do
		local name, token = address:match("^([^@]+)@[^/]+/(.*)$");
		if token == resumed then return name; end
	end
end

local provider = {};

function provider.get_sasl_handler(session)
	local handler = new_sasl(module.host, { anonymous = function() return true; end });
	local process = handler.process;
	function handler:process(message)
		local allowed, reason = prosody.hosts[module.host].modules.saal_host.may_come(session);
		if not allowed then return "failure", "not-allowed", reason; end
		local status, text, more = process(self, message);
		if status == "success" then self.username = name_of(session.saal_resumes) or uuid(); end
		return status, text, more;
	end
	return handler;
end

module:provides("auth", provider);
