"""The script that folds events into live state: one call for what one browser did, atomic, harmless when repeated.

A state is a hash with a field for each kind of thing done, ``product:milliseconds`` newest first. Everything in it is a
maximum over events (the latest time at which a product was viewed, clicked, seen, put into the cart, taken out of it),
so neither order nor repetition of the events matters. Beside them, `shown` is a set: for each product the visits in
which its card was in view, ``product:visit.visit``, the newest ones. A product that falls out of it begins anew.

What a browser did before it was erased is left alone: an erasure sets a tombstone before it deletes the state, and a
reader may still have such events in its hand.
"""

from __future__ import annotations

import hashlib
from typing import Final

VIEWED, CLICKED, SEEN, CARTED = "viewed", "clicked", "seen", "carted"
SHOWN: Final = "shown"
UNCARTED: Final = "uncarted"
"""When products were taken out of the cart: an older report of putting one in must not bring it back."""


def digest(id: str) -> str:
    """What a tombstone keeps of a visitor or client id, which is random and long: nobody finds the id again.

    SHA-1, because that is what scripts in Redis can compute.
    """
    return hashlib.sha1(id.encode(), usedforsecurity=False).hexdigest()


# KEYS: the state to fold into; for events that name a client also the client's visitor, and the client's own state.
# ARGV: how many products a field keeps, seconds to live, what a visitor's key begins with, what a tombstone's key
#       begins with, the visitor and the client of the events (one may be empty), the milliseconds of the newest event,
#       how many products and how many visits of each `shown` keeps, the milliseconds of a visit, then field, product,
#       milliseconds for each thing done.
# Returns 1 if the pair of visitor and client is new, -1 if the client is another visitor's, otherwise 0.
FOLD: Final = """
local kept, lives = tonumber(ARGV[1]), ARGV[2]
local visitor, client = ARGV[5], ARGV[6]
local known = #KEYS == 3 and redis.call('GET', KEYS[2]) or ''
local state, told, erased = KEYS[1], 0, 0
local changes, showings = {}, {}

for _, id in ipairs({visitor, client, known}) do
  if id ~= '' then
    erased = math.max(erased, tonumber(redis.call('GET', ARGV[4] .. redis.sha1hex(id)) or 0))
  end
end
if tonumber(ARGV[7]) <= erased then return 0 end

local function take(field, product, at)
  local of = changes[field]
  if of == nil then of = {}; changes[field] = of end
  if of[product] == nil or at > of[product] then of[product] = at end
end

local function show(product, visit)
  local of = showings[product]
  if of == nil then of = {}; showings[product] = of end
  of[visit] = true
end

local function read_shown(key)
  for product, visits in string.gmatch(redis.call('HGET', key, 'shown') or '', '(%d+):([%d.]+)') do
    for visit in string.gmatch(visits, '%d+') do show(product, tonumber(visit)) end
  end
end

local function read(key, field)
  local text = redis.call('HGET', key, field)
  if text then
    for product, at in string.gmatch(text, '(%d+):(%d+)') do take(field, product, tonumber(at)) end
  end
end

for place = 11, #ARGV, 3 do
  local field, product, at = ARGV[place], ARGV[place + 1], tonumber(ARGV[place + 2])
  if at > erased then
    take(field, product, at)
    if field == 'seen' then show(product, math.floor(at / tonumber(ARGV[10]))) end
  end
end

if #KEYS == 3 then
  if known ~= '' then
    if visitor == '' then state = ARGV[3] .. known
    elseif known ~= visitor then told = -1 end
    redis.call('EXPIRE', KEYS[2], lives)
  elseif visitor == '' then
    state = KEYS[3]
  else
    redis.call('SET', KEYS[2], visitor, 'EX', lives)
    told = 1
    for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
      if field ~= 'shown' then read(KEYS[3], field) end
    end
    read_shown(KEYS[3])
    redis.call('DEL', KEYS[3])
  end
end

if changes['carted'] or changes['uncarted'] then
  read(state, 'carted')
  read(state, 'uncarted')
  for product, at in pairs(changes['uncarted'] or {}) do
    local put = (changes['carted'] or {})[product]
    if put and put <= at then changes['carted'][product] = nil end
  end
end

for field, of in pairs(changes) do
  if field ~= 'carted' and field ~= 'uncarted' then read(state, field) end
  local order = {}
  for product in pairs(of) do order[#order + 1] = product end
  table.sort(order, function(a, b)
    if of[a] ~= of[b] then return of[a] > of[b] end
    return a < b
  end)
  local texts = {}
  for place = 1, math.min(#order, kept) do
    texts[place] = order[place] .. ':' .. string.format('%d', of[order[place]])
  end
  if #texts > 0 then redis.call('HSET', state, field, table.concat(texts, ','))
  else redis.call('HDEL', state, field) end
end

if next(showings) then
  read_shown(state)
  local order, newest = {}, {}
  for product, visits in pairs(showings) do
    local list = {}
    for visit in pairs(visits) do list[#list + 1] = visit end
    table.sort(list, function(a, b) return a > b end)
    showings[product], newest[product] = list, list[1]
    order[#order + 1] = product
  end
  table.sort(order, function(a, b)
    if newest[a] ~= newest[b] then return newest[a] > newest[b] end
    return a < b
  end)
  local texts = {}
  for place = 1, math.min(#order, tonumber(ARGV[8])) do
    local visits = {}
    for number, visit in ipairs(showings[order[place]]) do
      if number <= tonumber(ARGV[9]) then visits[number] = string.format('%d', visit) end
    end
    texts[place] = order[place] .. ':' .. table.concat(visits, '.')
  end
  redis.call('HSET', state, 'shown', table.concat(texts, ','))
end
redis.call('EXPIRE', state, lives)
return told
"""
