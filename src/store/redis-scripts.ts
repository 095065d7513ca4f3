import { hash } from "node:crypto";

/*
 * What the Redis engine does in one step each, in Lua (https://redis.io/docs/latest/develop/programmability/eval-intro/).
 * Each kind of state is two keys: a hash of its values, and a sorted set of when each ends. What has ended counts as gone
 * although it is swept later, so ends are exact to the millisecond and every bound can be counted.
 */

/** A script, and the name Redis knows it by once it has seen it. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

/** Entries swept at once: the walk is paid by whoever comes, so it is short. */
const SWEEP = 500;
/** How long state outlives the last who wrote it. No period that is counted is longer. */
const KEEP_MS = 100 * 24 * 3_600_000;

// KEYS: values, ends. ARGV: the time in epoch milliseconds, or "" for the server's own; key.
// Numbers that redis.call is given are written with %.17g, so none loses anything.
const PRELUDE = `
local values, ends, key = KEYS[1], KEYS[2], ARGV[2]
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function forget(...)
  redis.call('HDEL', values, ...)
  redis.call('ZREM', ends, ...)
end
local function live()
  local at = tonumber(redis.call('ZSCORE', ends, key) or '')
  if at and at <= now then
    forget(key)
    return nil
  end
  return at
end
local function hasRoom(limit)
  if redis.call('ZCARD', ends) < limit then return true end
  local ended = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, ${SWEEP})
  if #ended > 0 then forget(unpack(ended)) end
  return redis.call('ZCARD', ends) < limit
end
local function put(value, at)
  redis.call('HSET', values, key, value)
  redis.call('ZADD', ends, at, key)
  redis.call('PEXPIRE', values, ${KEEP_MS})
  redis.call('PEXPIRE', ends, ${KEEP_MS})
end
`;

/** ARGV 3… : by, window, limit. Answers `{1, count, resetAt}` or `{0}` when full. */
export const INCREMENT = script(`
local by, at = tonumber(ARGV[3]), live()
if not at then
  at = now + tonumber(ARGV[4])
  if by <= 0 then return {1, 0, at} end
  if not hasRoom(tonumber(ARGV[5])) then return {0} end
end
local count = math.max(0, tonumber(redis.call('HGET', values, key) or '0') + by)
put(count, at)
return {1, count, at}
`);

/** ARGV 3… : rate, burst, tokens, limit. Answers `{1, granted, nextIn}` or `{0}`. A bucket ends when it is full again. */
export const TAKE_TOKENS = script(`
local rate, burst, level = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[4])
local kept = redis.call('HGET', values, key)
if kept then
  local was, at = string.match(kept, '^(%S+) (%S+)$')
  level = math.min(burst, tonumber(was) + math.max(0, now - tonumber(at)) * rate / 1000)
elseif not hasRoom(tonumber(ARGV[6])) then
  return {0}
end
local granted = math.min(tonumber(ARGV[5]), math.floor(level + 1e-9))
level = level - granted
put(string.format('%.17g %.17g', level, now), now + (burst - level) / rate * 1000)
return {1, granted, level >= 1 and 0 or math.ceil((1 - level) / rate * 1000)}
`);

/** ARGV 3… : token, ttl, limit. Answers `{1, expiresAt}`, `{2, expiresAt}` when held, `{0}` when full. */
export const ACQUIRE_LEASE = script(`
local at = live()
if at then return {2, at} end
if not hasRoom(tonumber(ARGV[5])) then return {0} end
at = now + tonumber(ARGV[4])
put(ARGV[3], at)
return {1, at}
`);

/** ARGV 3… : token, ttl. Answers `{1, expiresAt}`, `{2, expiresAt}` when another's, `{0}` when lost. */
export const RENEW_LEASE = script(`
local at = live()
if not at then return {0} end
if redis.call('HGET', values, key) ~= ARGV[3] then return {2, at} end
at = now + tonumber(ARGV[4])
put(ARGV[3], at)
return {1, at}
`);

/** ARGV 3: token. Answers 1 when it was held. */
export const RELEASE_LEASE = script(`
if not live() or redis.call('HGET', values, key) ~= ARGV[3] then return 0 end
forget(key)
return 1
`);

// KEYS of the cache, besides: when each entry was used last, by a number that only grows, and that number.
const CACHE = `
local used, clock = KEYS[3], KEYS[4]
local function use()
  redis.call('ZADD', used, redis.call('INCR', clock), key)
  redis.call('PEXPIRE', used, ${KEEP_MS})
  redis.call('PEXPIRE', clock, ${KEEP_MS})
end
`;

/** Answers the value, or nothing. */
export const GET_CACHED = script(`${CACHE}
if not live() then
  redis.call('ZREM', used, key)
  return false
end
use()
return redis.call('HGET', values, key)
`);

/** ARGV 3… : value, ttl, limit. The entry least recently used gives way. */
export const SET_CACHED = script(`${CACHE}
if not live() and not hasRoom(tonumber(ARGV[5])) then
  local oldest = redis.call('ZPOPMIN', used)[1]
  while oldest and not redis.call('ZSCORE', ends, oldest) do oldest = redis.call('ZPOPMIN', used)[1] end
  if oldest then forget(oldest) end
end
put(ARGV[3], now + tonumber(ARGV[4]))
use()
return 1
`);

/** Answers 1 when there was a live entry. */
export const DELETE_CACHED = script(`${CACHE}
redis.call('ZREM', used, key)
if not live() then return 0 end
forget(key)
return 1
`);

function script(body: string): RedisScript {
  const text = PRELUDE + body;
  return { text, sha1: hash("sha1", text, "hex") };
}
