#!lua name=kvs3

-- What every operation does to a partition, atomically on its master. Loaded by the servers: see functions.ts.
--
-- A partition is one sorted set whose members have score 0, so that they lie in the order of their bytes. The first
-- byte says what a member is; K is the key with its terminator (layout.ts), numbers are big-endian:
--
--   k K version4 timestamp8 flags1 [expires8] [request8] value    a version
--   k K 128 version4 timestamp8 hidden4  counters of a key that its versions do not tell: the greatest version and
--                                        timestamp ever, and up to which version an expired one has hidden it
--   c K version4 timestamp8 hidden4      the same of a key that has no versions
--   e expires8 K version4                an instant at which a version expires
--   r K request8 version4 timestamp8 expires8 print16    a request whose version has been removed since
--   q until8 K request8                  when that is forgotten
--   s until8                             somebody copies everything until then: what is removed meanwhile is kept as
--   g K version4 ... value removed8      a version, and when it was removed
--
-- Two members have scores, and are first by either order: a zero byte, minus the number of keys that have versions, and
-- 0 1, minus the number of counters beside versions.
--
-- What changes is also told in a stream, the log of the partition: the id is the master's time in microseconds, later
-- than that of the entry before. It has one field, whose name says what happened:
--
--   k    the member of a version that was added
--   d    K, and for each version removed, oldest first: version4 timestamp8 expires8 expired1
--   l    K, of which more versions were removed than the log takes
--
-- Whoever changes what is stored, or an argument, gives the library another name: old servers go on with theirs.

local LAST_VERSION, LAST_TIME, VERSIONS = 2147483647, 8.64e15, 1000000
-- As limits.requestAgeMs and limits.requestSkewMs.
local REQUEST_AGE, REQUEST_SKEW = 300000, 2000
-- Requests looked for among the newest versions of a key, and versions whose requests are remembered when they go.
local REQUESTS = 1000
-- What is kept for those who copy everything; beyond, they begin again.
local BURIED = 4096
-- Bytes of a log, about, and its entries, at most and at least; versions of one removal that it takes.
local LOG_BYTES, LOG_ENTRIES, LOG_LEAST, LOG_REMOVED = 131072, 2000, 16, 1000
local COUNT, BESIDE = '\000', '\000\001'
-- Behind all versions of a key, and the first byte of the counters beside them.
local TOP = '\128'

-- Not there yet while the library is loaded: see clock.
local pack, unpack, sub, find, byte, max, min, floor, call
-- The time in microseconds that the next entry of a log bears.
local micros
-- What walks of several partitions may cost together, and what they have cost: about the keys that they went over.
local WALK_BUDGET = 256
local walk_cost = 0

-- What a function answers first.
local DONE, AGAIN, REFUSED, FULL, REUSED, FORGOTTEN, NOTHING = 0, 1, 2, 3, 4, 5, 6

-- The wall clock of the master, in ms. Every function begins with it.
local function clock()
  if not call then
    pack, unpack, sub, find, byte = struct.pack, struct.unpack, string.sub, string.find, string.byte
    max, min, floor, call = math.max, math.min, math.floor, redis.call
  end
  local time = call('TIME')
  micros = time[1] * 1000000 + time[2]
  return time[1] * 1000 + floor(time[2] / 1000)
end

-- Numbers of entries as text: whoever passes a number to a command has it printed with all digits that it may have.
local texts = {}

-- Tells a change. To be called before anything is written: what fails here has done nothing.
local function tell(log, field, text)
  local number = max(LOG_LEAST, min(LOG_ENTRIES, floor(LOG_BYTES / (#text + 32))))
  local most = texts[number]
  if not most then
    most = string.format('%.0f', number)
    texts[number] = most
  end
  local id = string.format('%.0f', micros)
  micros = micros + 1
  local told = redis.pcall('XADD', log, 'MAXLEN', '~', most, id, field, text)
  if type(told) ~= 'table' then return end
  -- A clock that is behind that of an earlier master, or two changes of one microsecond.
  local last = call('XREVRANGE', log, '+', '-', 'COUNT', '1')[1]
  if not last then error(told.err) end
  micros = tonumber(string.match(last[1], '^%d+')) + 1
  call('XADD', log, 'MAXLEN', '~', most, string.format('%.0f', micros), field, text)
  micros = micros + 1
end

-- The key at the beginning of a member, after its first byte.
local function key_in(member, from)
  local _, last = find(member, '\000\001', from, true)
  return sub(member, from, last)
end

local function row_in(member, K)
  local version, timestamp, flags, at = unpack('>I4I8B', member, #K + 2)
  local row = { member = member, version = version, timestamp = timestamp, expires = 0 }
  if flags >= 2 then row.expires, at = unpack('>I8', member, at) end
  if flags % 2 == 1 then
    row.request = sub(member, at, at + 7)
    at = at + 8
  end
  row.at = at
  return row
end

local function record_of(row, K)
  return sub(row.member, #K + 2)
end

local function value_of(row)
  return sub(row.member, row.at)
end

local function is_alive(row, now)
  return row.expires == 0 or row.expires > now
end

local function rows_down(z, K, below, skip, most)
  return call('ZREVRANGEBYLEX', z, '(k' .. K .. below, '[k' .. K, 'LIMIT', skip, most)
end

local function counters_in(member, at, beside)
  local version, timestamp, hidden = unpack('>I4I8I4', member, at)
  return { member = member, version = version, timestamp = timestamp, hidden = hidden, beside = beside }
end

-- The newest version that is stored, and the counters.
local function top_of(z, K)
  local found = call('ZREVRANGEBYLEX', z, '(k' .. K .. '\255', '[k' .. K, 'LIMIT', '0', '2')
  local first = found[1]
  if not first then
    local alone = call('ZRANGEBYLEX', z, '[c' .. K, '(c' .. K .. '\255', 'LIMIT', '0', '1')[1]
    return nil, alone and counters_in(alone, #K + 2, false)
  end
  if byte(first, #K + 2) < 128 then return row_in(first, K), nil end
  return found[2] and row_in(found[2], K), counters_in(first, #K + 3, true)
end

local function facts_of(z, K, now)
  local row, counters = top_of(z, K)
  local facts = { top = row, counters = counters, version = 0, timestamp = 0, hidden = 0 }
  if row then facts.version, facts.timestamp = row.version, row.timestamp end
  if counters then
    facts.version = max(facts.version, counters.version)
    facts.timestamp = max(facts.timestamp, counters.timestamp)
    facts.hidden = counters.hidden
  end
  if row and is_alive(row, now) and row.version > facts.hidden then facts.newest = row end
  return facts
end

local function forget_counters(z, counters)
  call('ZREM', z, counters.member)
  if counters.beside then call('ZINCRBY', z, '1', BESIDE) end
end

-- Whether something has expired and is still there.
local function is_due(z, now)
  return call('ZRANGEBYLEX', z, '[e', '(e' .. pack('>I8', now + 1), 'LIMIT', '0', '1')[1] ~= nil
end

local function total_of(z, K)
  return call('ZLEXCOUNT', z, '[k' .. K, '(k' .. K .. TOP)
end

local function alive_of(z, K, now)
  if not is_due(z, now) then return total_of(z, K) end
  local count, skip = 0, 0
  repeat
    local rows = rows_down(z, K, TOP, skip, 64)
    for _, member in ipairs(rows) do
      if is_alive(row_in(member, K), now) then count = count + 1 end
    end
    skip = skip + #rows
  until #rows == 0
  return count
end

-- The first version at or below a row that has not expired.
local function alive_below(z, K, below, now)
  local skip = 0
  while true do
    local member = rows_down(z, K, below, skip, 1)[1]
    if not member then return nil end
    local row = row_in(member, K)
    if is_alive(row, now) then return row end
    skip = skip + 1
  end
end

-- What is removed while somebody copies everything is kept for them.
local function hold_of(z, now)
  local found = call('ZRANGEBYLEX', z, '[s', '(t', 'LIMIT', '0', '1')[1]
  if not found then return nil end
  if unpack('>I8', found, 2) > now then return found end
  call('ZREM', z, found)
  call('ZREMRANGEBYLEX', z, '[g', '(h')
  return nil
end

local function bury(z, hold, row, now)
  if call('ZLEXCOUNT', z, '[g', '(h') >= BURIED then
    call('ZREM', z, hold)
    call('ZREMRANGEBYLEX', z, '[g', '(h')
    return nil
  end
  call('ZADD', z, '0', 'g' .. sub(row.member, 2) .. pack('>I8', now))
  return hold
end

-- A request is told again also when its version has gone.
local function remember(z, K, row, now)
  if not row.request or row.timestamp < now - REQUEST_AGE - REQUEST_SKEW then return end
  local print = sub(redis.sha1hex(value_of(row)), 1, 16)
  local place = pack('>I4I8I8', row.version, row.timestamp, row.expires)
  call('ZADD', z, '0', 'r' .. K .. row.request .. place .. print)
  call('ZADD', z, '0', 'q' .. pack('>I8', now + REQUEST_AGE + REQUEST_SKEW) .. K .. row.request)
end

-- To be called once versions of a key have gone: keeps what they told.
local function settle(z, K, facts)
  local found = rows_down(z, K, TOP, 0, 1)[1]
  local top = found and row_in(found, K)
  local hidden = facts.hidden
  if hidden > 0 then
    local lowest = call('ZRANGEBYLEX', z, '[k' .. K, '(k' .. K .. TOP, 'LIMIT', '0', '1')[1]
    if not lowest or row_in(lowest, K).version > hidden then hidden = 0 end
  end
  local tells = top and hidden == 0 and top.version == facts.version and top.timestamp == facts.timestamp
  if facts.counters then forget_counters(z, facts.counters) end
  if not tells then
    local counters = pack('>I4I8I4', facts.version, facts.timestamp, hidden)
    if top then
      call('ZADD', z, '0', 'k' .. K .. TOP .. counters)
      call('ZINCRBY', z, '-1', BESIDE)
    else
      call('ZADD', z, '0', 'c' .. K .. counters)
    end
  end
  if facts.top and not top then call('ZINCRBY', z, '1', COUNT) end
end

-- Tells that the versions of a key from one to another go.
local function tell_removed(z, log, K, from, to, now)
  local first, last = '[k' .. K .. pack('>I4', from), '(k' .. K .. pack('>I4', to + 1)
  local rows = call('ZRANGEBYLEX', z, first, last, 'LIMIT', 0, LOG_REMOVED + 1)
  if #rows == 0 then return end
  if #rows > LOG_REMOVED then return tell(log, 'l', K) end
  local pieces = { K }
  for i, member in ipairs(rows) do
    local row = row_in(member, K)
    local expired = is_alive(row, now) and 0 or 1
    pieces[i + 1] = pack('>I4I8I8B', row.version, row.timestamp, row.expires, expired)
  end
  tell(log, 'd', table.concat(pieces))
end

-- Removes the versions of a key from one to another, both included.
local function drop(z, log, K, from, to, now)
  tell_removed(z, log, K, from, to, now)
  local hold, skip, old = hold_of(z, now), 0, false
  repeat
    local rows = rows_down(z, K, pack('>I4', to + 1), skip, 64)
    for _, member in ipairs(rows) do
      local row = row_in(member, K)
      if row.version < from then
        rows = {}
        break
      end
      old = old or row.timestamp < now - REQUEST_AGE - REQUEST_SKEW
      remember(z, K, row, now)
      if hold then hold = bury(z, hold, row, now) end
    end
    skip = skip + #rows
  until #rows == 0 or (not hold and (old or skip >= REQUESTS))
  call('ZREMRANGEBYLEX', z, '[k' .. K .. pack('>I4', from), '(k' .. K .. pack('>I4', to + 1))
end

-- Removes what has expired, and requests that are old, so many of each.
local function sweep(z, log, now, most)
  local due = call('ZRANGEBYLEX', z, '[e', '(e' .. pack('>I8', now + 1), 'LIMIT', 0, most)
  for _, member in ipairs(due) do
    local expires = unpack('>I8', member, 2)
    local K = sub(member, 10, #member - 4)
    local version = unpack('>I4', member, #member - 3)
    local from = 'k' .. K .. pack('>I4', version)
    local found = call('ZRANGEBYLEX', z, '[' .. from, '(k' .. K .. pack('>I4', version + 1), 'LIMIT', '0', '1')[1]
    local row = found and row_in(found, K)
    if row and row.expires == expires then
      local facts = facts_of(z, K, now)
      drop(z, log, K, version, version, now)
      facts.hidden = max(facts.hidden, version)
      settle(z, K, facts)
    end
    call('ZREM', z, member)
  end
  local old = call('ZRANGEBYLEX', z, '[q', '(q' .. pack('>I8', now + 1), 'LIMIT', 0, most)
  for _, member in ipairs(old) do
    local request = 'r' .. sub(member, 10)
    call('ZREMRANGEBYLEX', z, '[' .. request, '(' .. request .. '\255')
    call('ZREM', z, member)
  end
  return #due + #old
end

-- What the servers decide by when a write is refused: they have the words.
local function refused(z, K, facts, now)
  local newest = facts.newest and facts.newest.version or 0
  local is_empty = alive_of(z, K, now) == 0
  return { REFUSED, facts.version, facts.timestamp, newest, is_empty and 1 or 0, now }
end

-- A request that was done: its place, its value being the same, or that another used its id.
local function again(z, K, facts, request, value, begun)
  local skip, row = 0, facts.top
  while row and skip < REQUESTS and row.timestamp >= begun do
    if row.request == request then
      if value_of(row) ~= value then return { REUSED } end
      local before = rows_down(z, K, pack('>I4', row.version), 0, 1)[1]
      before = before and row_in(before, K)
      local previous = before and is_alive(before, row.timestamp) and before.version > facts.hidden
      return { AGAIN, row.version, row.timestamp, row.expires, previous and record_of(before, K) or false }
    end
    skip = skip + 1
    local member = rows_down(z, K, TOP, skip, 1)[1]
    row = member and row_in(member, K)
  end
  local found = call('ZRANGEBYLEX', z, '[r' .. K .. request, '(r' .. K .. request .. '\255', 'LIMIT', '0', '1')[1]
  if found then
    local version, timestamp, expires, at = unpack('>I4I8I8', found, #K + 10)
    if sub(found, at) ~= sub(redis.sha1hex(value), 1, 16) then return { REUSED } end
    return { AGAIN, version, timestamp, expires, false }
  end
  if row and skip >= REQUESTS then return { FORGOTTEN } end
  return nil
end

-- kind, K, value, ttl or '', then by kind:
--   insert, put: request or '', number, when it began
--   compare: the version expected         renew: nothing         restore: version, timestamp, expires (0: never)
local function write(keys, args)
  local z, log, kind, K, value, ttl = keys[1], keys[2], args[1], args[2], args[3], tonumber(args[4])
  local now = clock()
  -- Whoever writes what expires clears away what has; the rest of it the servers do by and by.
  if ttl then sweep(z, log, now, 8) end
  local facts = facts_of(z, K, now)
  local newest, request = facts.newest, nil
  local version, timestamp, expires = facts.version + 1, max(now, facts.timestamp + 1), 0
  if ttl then expires = now + ttl end
  if (kind == 'insert' or kind == 'put') and args[5] ~= '' then
    request = args[5]
    local begun = tonumber(args[7])
    local done = again(z, K, facts, request, value, begun - REQUEST_SKEW)
    if done then return done end
    if tonumber(args[6]) > 1 and begun <= now - REQUEST_AGE then return { FORGOTTEN } end
  elseif kind == 'compare' then
    if (newest and newest.version or 0) ~= tonumber(args[5]) then return refused(z, K, facts, now) end
  elseif kind == 'renew' then
    if not newest then return refused(z, K, facts, now) end
    value = value_of(newest)
  elseif kind == 'restore' then
    local wanted, stamp = tonumber(args[5]), tonumber(args[6])
    expires = tonumber(args[7])
    local from = '[k' .. K .. pack('>I4', wanted)
    local found = call('ZRANGEBYLEX', z, from, '(k' .. K .. pack('>I4', wanted + 1), 'LIMIT', '0', '1')[1]
    local row = found and row_in(found, K)
    if row and row.timestamp == stamp and value_of(row) == value then return { NOTHING } end
    if version > LAST_VERSION or timestamp > LAST_TIME then return refused(z, K, facts, now) end
    if wanted >= version and stamp > facts.timestamp then version, timestamp = wanted, stamp end
  end
  if version > LAST_VERSION or timestamp > LAST_TIME then return refused(z, K, facts, now) end
  if version > VERSIONS and total_of(z, K) >= VERSIONS then return { FULL } end
  local flags = (request and 1 or 0) + (expires > 0 and 2 or 0)
  local head = pack('>I4I8B', version, timestamp, flags)
  if expires > 0 then head = head .. pack('>I8', expires) end
  local member = 'k' .. K .. head .. (request or '') .. value
  tell(log, 'k', member)
  if expires > 0 then call('ZADD', z, '0', 'e' .. pack('>I8', expires) .. K .. pack('>I4', version)) end
  call('ZADD', z, '0', member)
  if facts.counters and facts.hidden == 0 then forget_counters(z, facts.counters) end
  if not facts.top then call('ZINCRBY', z, '-1', COUNT) end
  local tells = kind == 'put' or kind == 'renew'
  return { DONE, version, timestamp, expires, tells and newest and record_of(newest, K) or false }
end

-- Of the versions of a key, the oldest that are beyond a bound, so many: up to which version they go, and how many.
local function beyond(z, K, versions, oldest, most)
  local total = total_of(z, K)
  local rows = call('ZRANGEBYLEX', z, '[k' .. K, '(k' .. K .. TOP, 'LIMIT', 0, most)
  local last, count = nil, 0
  for i, member in ipairs(rows) do
    local row = row_in(member, K)
    if i >= total or (i > total - versions and row.timestamp >= oldest) then break end
    last, count = row.version, i
  end
  return last, count
end

-- kind, K, then by kind:
--   remove: version or ''      removeAll, trim: nothing      compare: the version expected
--   retain: how many versions stay, how old they may be, how many go at most
local function remove(keys, args)
  local z, log, kind, K = keys[1], keys[2], args[1], args[2]
  local now = clock()
  sweep(z, log, now, 256)
  if kind == 'sweep' then
    local due = call('ZRANGEBYLEX', z, '[e', '(f', 'LIMIT', '0', '1')[1]
    return { DONE, due and max(0, unpack('>I8', due, 2) - now) or -1 }
  end
  local facts = facts_of(z, K, now)
  local newest = facts.newest
  local from, to = 0, LAST_VERSION
  if kind == 'retain' then
    if is_due(z, now) then return { DONE, 0 } end
    local last, count = beyond(z, K, tonumber(args[3]), now - tonumber(args[4]), tonumber(args[5]))
    if not last then return { DONE, 0 } end
    drop(z, log, K, 0, last, now)
    settle(z, K, facts)
    return { DONE, count }
  end
  local there = alive_of(z, K, now)
  if kind == 'remove' and args[3] ~= '' then
    local version = tonumber(args[3])
    local member = there > 0 and rows_down(z, K, pack('>I4', version + 1), 0, 1)[1]
    local row = member and row_in(member, K)
    if not row or row.version ~= version or not is_alive(row, now) then return refused(z, K, facts, now) end
    from, to = version, version
  elseif kind == 'compare' then
    if (newest and newest.version or 0) ~= tonumber(args[3]) or not newest then
      return refused(z, K, facts, now)
    end
  elseif kind == 'trim' then
    if not newest then return { NOTHING } end
    to = newest.version - 1
  elseif there == 0 then
    if kind == 'remove' then return refused(z, K, facts, now) end
    return { NOTHING }
  end
  drop(z, log, K, from, to, now)
  settle(z, K, facts)
  return { DONE, there, newest and kind ~= 'remove' and record_of(newest, K) or false }
end

local function answer(row, K, facts)
  if not row then return { false, 0 } end
  local newest = facts and facts.newest
  return { record_of(row, K), newest and newest.version == row.version and 1 or 0 }
end

-- The last version of a key that is not after an instant.
local function at_instant(z, K, timestamp, top, now)
  if not top then return nil end
  if top.timestamp <= timestamp then return alive_below(z, K, TOP, now) end
  local base = call('ZLEXCOUNT', z, '-', '(k' .. K)
  local low, high = -1, total_of(z, K) - 1
  -- The row at low is not after the instant, that at high is.
  while high - low > 1 do
    local middle = floor((low + high) / 2)
    local row = row_in(call('ZRANGE', z, base + middle, base + middle)[1], K)
    if row.timestamp <= timestamp then low = middle else high = middle end
  end
  if low < 0 then return nil end
  local row = row_in(call('ZRANGE', z, base + low, base + low)[1], K)
  return alive_below(z, K, pack('>I4', row.version + 1), now)
end

local function chosen(z, K, how, number, facts, now)
  if how == 'newest' then return facts.newest end
  if how == 'version' then return alive_below(z, K, pack('>I4', number + 1), now) end
  return at_instant(z, K, number, facts.top, now)
end

-- K, how (newest, version, instant, back), number
local function read(keys, args)
  local z, K, how, number = keys[1], args[1], args[2], tonumber(args[3])
  local now = clock()
  local facts = facts_of(z, K, now)
  if how ~= 'back' then return answer(chosen(z, K, how, number, facts, now), K, facts) end
  if not facts.newest then return { false, 0 } end
  if not is_due(z, now) then
    local member = rows_down(z, K, TOP, number, 1)[1]
    return answer(member and row_in(member, K), K, facts)
  end
  local skip = 0
  while true do
    local member = rows_down(z, K, TOP, skip, 1)[1]
    if not member then return { false, 0 } end
    local row = row_in(member, K)
    if is_alive(row, now) then
      if number == 0 then return answer(row, K, facts) end
      number = number - 1
    end
    skip = skip + 1
  end
end

-- K, after which version, how many rows, how many bytes: the newest version, after which to go on (-1: nothing), rows
local function history(keys, args)
  local z, K, after, most, bytes = keys[1], args[1], tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  local now = clock()
  local facts = facts_of(z, K, now)
  local rows =
    call('ZRANGEBYLEX', z, '[k' .. K .. pack('>I4', after + 1), '(k' .. K .. TOP, 'LIMIT', 0, most)
  local page = { facts.newest and facts.newest.version or 0, -1 }
  for i, member in ipairs(rows) do
    local row = row_in(member, K)
    if is_alive(row, now) then page[#page + 1] = record_of(row, K) end
    bytes = bytes - #member
    if bytes <= 0 or i == most then
      page[2] = row.version
      break
    end
  end
  return page
end

-- from, to (bounds after the first byte, `[` or `(` before them), how many keys, how many bytes, what (rows, count,
-- many), how (newest, version, instant), number
-- Answers the last key walked over (false: the end), then of rows K, the row or false, whether it is the newest,
-- of each key with a newest version or such a row; of count keys and versions; of many K, versions and the oldest
-- timestamp of each key that has several.
local function walk(keys, args)
  local z, from, to, what, how = keys[1], args[1], args[2], args[5], args[6]
  local most, bytes, number = tonumber(args[3]), tonumber(args[4]), tonumber(args[7])
  local now = clock()
  local page, count, versions = { false }, 0, 0
  local start, stop = sub(from, 1, 1) .. 'k' .. sub(from, 2), sub(to, 1, 1) .. 'k' .. sub(to, 2)
  if to == '+' then stop = '(l' end
  for walked = 1, most do
    local first = call('ZRANGEBYLEX', z, start, stop, 'LIMIT', '0', '1')[1]
    if not first then break end
    local K = key_in(first, 2)
    walk_cost = walk_cost + 1
    if what == 'many' then
      local total = total_of(z, K)
      if total > 1 then
        page[#page + 1], page[#page + 2], page[#page + 3] = K, total, row_in(first, K).timestamp
        bytes = bytes - #K
      end
    else
      local facts = facts_of(z, K, now)
      if what == 'count' then
        if facts.newest then count, versions = count + 1, versions + alive_of(z, K, now) end
      else
        local row = chosen(z, K, how, number, facts, now)
        if row or facts.newest then
          local both = answer(row, K, facts)
          page[#page + 1], page[#page + 2] = K, both[1]
          page[#page + 1] = both[2] + (facts.newest and 2 or 0)
          bytes = bytes - #K - (row and #row.member or 0)
        end
      end
    end
    start = '(k' .. K .. '\255'
    if walked == most or bytes <= 0 then
      page[1] = K
      break
    end
  end
  if what == 'count' then page[2], page[3] = count, versions end
  return page
end

-- until: keeps what is removed from now on, for those who copy; answers the time
local function hold(keys, args)
  local z, now = keys[1], clock()
  local found = hold_of(z, now)
  local last = tonumber(args[1]) + now
  if found then
    if unpack('>I8', found, 2) >= last then return now end
    call('ZREM', z, found)
  end
  call('ZADD', z, '0', 's' .. pack('>I8', last))
  return now
end

-- Bytes, since Lua would compare by the language of the machine.
local function is_before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- Whether a key had a newest version at an instant: one that has expired hides those before it.
local function was_visible(z, K, instant)
  local last, is_buried
  for _, section in ipairs({ 'k', 'g' }) do
    local skip = 0
    while true do
      local member =
        call('ZREVRANGEBYLEX', z, '(' .. section .. K .. TOP, '[' .. section .. K, 'LIMIT', skip, 1)[1]
      local row = member and row_in(member, K)
      local removed = member and section == 'g' and unpack('>I8', member, #member - 7)
      if not row then break end
      if row.timestamp <= instant and (not removed or removed > instant) then
        if not last or row.version > last.version then last, is_buried = row, section == 'g' end
        break
      end
      skip = skip + 1
    end
  end
  if not last or not is_alive(last, instant) then return false end
  local _, counters = top_of(z, K)
  return is_buried or not counters or last.version > counters.hidden
end

-- instant, cursor, how many rows, how many bytes: the next cursor (false: the end), then K and row of each version
-- that was there at the instant
local function copy(keys, args)
  local z, instant, cursor, most, bytes = keys[1], tonumber(args[1]), args[2], tonumber(args[3]), tonumber(args[4])
  local now = clock()
  local held = call('ZRANGEBYLEX', z, '[s', '(t', 'LIMIT', '0', '1')[1]
  if not held or unpack('>I8', held, 2) <= now then return redis.error_reply('KVS nothing is held') end
  local stored = call('ZRANGEBYLEX', z, '(k' .. cursor, '(l', 'LIMIT', 0, most)
  local buried = call('ZRANGEBYLEX', z, '(g' .. cursor, '(h', 'LIMIT', 0, most)
  local page, i, j, visible, of = { false }, 1, 1, false, nil
  for _ = 1, most do
    local one, other = stored[i], buried[j]
    if not one and not other then
      -- There is no more of either, unless it is behind what was asked for.
      if #stored < most and #buried < most then page[1] = false end
      return page
    end
    local member = one
    if not one or (other and is_before(sub(other, 2), sub(one, 2))) then
      member, j = other, j + 1
    else
      i = i + 1
    end
    local K = key_in(member, 2)
    if K ~= of then visible, of = was_visible(z, K, instant), K end
    local is_buried = member == other
    if byte(member, #K + 2) == 128 then
      page[1] = K .. '\255'
    else
      local row = row_in(member, K)
      local was_there = row.timestamp <= instant
        and is_alive(row, instant)
        and (not is_buried or unpack('>I8', member, #member - 7) > instant)
      if visible and was_there then
        page[#page + 1] = K
        page[#page + 1] = is_buried and sub(member, #K + 2, #member - 8) or record_of(row, K)
        bytes = bytes - #member
      end
      walk_cost = walk_cost + 1
      page[1] = K .. pack('>I4', row.version) .. '\255'
    end
    if bytes <= 0 then return page end
  end
  return page
end

-- How much there is: keys that have versions, and versions
local function amounts(keys)
  clock()
  local z = keys[1]
  local count, beside = call('ZSCORE', z, COUNT), call('ZSCORE', z, BESIDE)
  return { -tonumber(count or 0), call('ZLEXCOUNT', z, '[k', '(l') + tonumber(beside or 0) }
end

-- An entry of a log: its time in microseconds, what happened, and of what.
local function push_entry(page, entry)
  page[#page + 1] = string.match(entry[1], '^%d+')
  page[#page + 1], page[#page + 2] = entry[2][1], entry[2][2]
  return #entry[2][2]
end

-- Whether a log that is there had more entries than it has.
local function has_forgotten(log)
  local info, length, added = call('XINFO', 'STREAM', log), 0, 0
  for i = 1, #info, 2 do
    if info[i] == 'length' then length = info[i + 1] end
    if info[i] == 'entries-added' then added = info[i + 1] end
  end
  return added > length
end

-- until which time everything was told, how many entries, how many bytes: the time of the last entry up to then (0: there
-- was none; false: it is forgotten), whether there is more behind the page, then entries after it
local function past(keys, args)
  local log, bound, most, bytes = keys[1], tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  clock()
  local last = call('XREVRANGE', log, string.format('%.0f', bound), '-', 'COUNT', '1')[1]
  local page = { last and string.match(last[1], '^%d+') or '0', 0 }
  if not last and call('EXISTS', log) == 1 and has_forgotten(log) then return { false, 0 } end
  local found = call('XRANGE', log, string.format('%.0f', bound + 1), '+', 'COUNT', most + 1)
  for i, entry in ipairs(found) do
    if i > most or bytes <= 0 then
      page[2] = 1
      break
    end
    bytes = bytes - push_entry(page, entry)
  end
  return page
end

-- The time of an entry of the log, or 0. Answers which history this is, for sessions: the replication id of this node, the
-- one before it was promoted and up to which offset it has that (the first that it has not), the offset, its epoch, the
-- greatest one known; then the last entry (0: none), whether that entry is there, whether it may be forgotten, whether
-- something expired is still stored, and the time.
local function seen(keys, args)
  local z, log, us = keys[1], keys[2], args[1]
  local now = clock()
  local replication, cluster = call('INFO', 'replication'), call('CLUSTER', 'INFO')
  local function field(text, name) return string.match(text, name .. ':(%w+)') or '0' end
  local last = call('XREVRANGE', log, '+', '-', 'COUNT', '1')[1]
  local there, forgotten = false, false
  if last and us ~= '0' then
    there = #call('XRANGE', log, us, us) > 0
    local first = string.match(call('XRANGE', log, '-', '+', 'COUNT', '1')[1][1], '^%d+')
    forgotten = not there and tonumber(first) > tonumber(us) and has_forgotten(log)
  end
  return {
    field(replication, 'master_replid'), field(replication, 'master_replid2'),
    field(replication, 'second_repl_offset'), field(replication, 'master_repl_offset'),
    field(cluster, 'cluster_my_epoch'), field(cluster, 'cluster_current_epoch'),
    last and string.match(last[1], '^%d+') or '0',
    there and 1 or 0, forgotten and 1 or 0, is_due(z, now) and 1 or 0, now,
  }
end

-- from, to (as of walk), how many rows, how many bytes: the time of the last entry of the log (0: none), from where to go
-- on (false: the end), then of every version that is there K, the row, and whether it is the newest
local function present(keys, args)
  local z, log, from, to, most, bytes = keys[1], keys[2], args[1], args[2], tonumber(args[3]), tonumber(args[4])
  local now = clock()
  local start, stop = sub(from, 1, 1) .. 'k' .. sub(from, 2), sub(to, 1, 1) .. 'k' .. sub(to, 2)
  if to == '+' then stop = '(l' end
  local last = call('XREVRANGE', log, '+', '-', 'COUNT', '1')[1]
  local page = { last and string.match(last[1], '^%d+') or '0', false }
  local rows = call('ZRANGEBYLEX', z, start, stop, 'LIMIT', 0, most)
  local of, newest
  for i, member in ipairs(rows) do
    local K = key_in(member, 2)
    if byte(member, #K + 2) ~= 128 then
      if K ~= of then
        local facts = facts_of(z, K, now)
        of, newest = K, facts.newest and facts.newest.version
      end
      local row = row_in(member, K)
      if is_alive(row, now) then
        page[#page + 1], page[#page + 2], page[#page + 3] = K, record_of(row, K), row.version == newest and 1 or 0
        bytes = bytes - #member
      end
    end
    if i == most or bytes <= 0 then
      page[2] = '(' .. sub(member, 2)
      break
    end
  end
  return page
end

-- Several at once, over partitions: for each its number, how many arguments (`=`: those of the one before), and these. Answers what each answers, or
-- -1 and why it was not done. To be used for what tells its change before it writes anything. Walks that are long are
-- not all done: others would wait for them.
local function many(one)
  return function(keys, args)
    local replies, at, last, own = {}, 1, #args, {}
    walk_cost = 0
    while at < last do
      local z, count = 'kvs:{' .. args[at] .. '}', tonumber(args[at + 1]) or 0
      if args[at + 1] ~= '=' then
        own = {}
        for i = 1, count do own[i] = args[at + 1 + i] end
      end
      local ok, reply = false, 'later'
      if walk_cost < WALK_BUDGET then
        ok, reply = pcall(one, { z, z .. 'log' }, own)
      end
      local why = type(reply) == 'table' and reply.err
      if not ok or why then reply = { -1, why or tostring(reply) } end
      replies[#replies + 1] = reply
      at = at + 2 + count
    end
    return replies
  end
end

redis.register_function('kvs3_write', write)
redis.register_function({
  function_name = 'kvs3_writes',
  callback = many(write),
  flags = { 'allow-cross-slot-keys' },
})
redis.register_function({
  function_name = 'kvs3_reads',
  callback = many(read),
  flags = { 'no-writes', 'allow-cross-slot-keys' },
})
redis.register_function({
  function_name = 'kvs3_walks',
  callback = many(walk),
  flags = { 'no-writes', 'allow-cross-slot-keys' },
})
redis.register_function({
  function_name = 'kvs3_copies',
  callback = many(copy),
  flags = { 'no-writes', 'allow-cross-slot-keys' },
})
redis.register_function({
  function_name = 'kvs3_all_amounts',
  callback = many(amounts),
  flags = { 'no-writes', 'allow-cross-slot-keys' },
})
redis.register_function({
  function_name = 'kvs3_holds',
  callback = many(hold),
  flags = { 'allow-cross-slot-keys' },
})
redis.register_function({ function_name = 'kvs3_remove', callback = remove, flags = { 'allow-oom' } })
redis.register_function({ function_name = 'kvs3_read', callback = read, flags = { 'no-writes' } })
redis.register_function({ function_name = 'kvs3_history', callback = history, flags = { 'no-writes' } })
redis.register_function({ function_name = 'kvs3_walk', callback = walk, flags = { 'no-writes' } })
redis.register_function({ function_name = 'kvs3_hold', callback = hold })
redis.register_function({ function_name = 'kvs3_copy', callback = copy, flags = { 'no-writes' } })
redis.register_function({ function_name = 'kvs3_amounts', callback = amounts, flags = { 'no-writes' } })
redis.register_function({ function_name = 'kvs3_seen', callback = seen, flags = { 'no-writes' } })
redis.register_function({ function_name = 'kvs3_past', callback = past, flags = { 'no-writes' } })
redis.register_function({ function_name = 'kvs3_present', callback = present, flags = { 'no-writes' } })
