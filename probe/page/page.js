// SPDX-License-Identifier: MIT
"use strict";
(() => {
	const EVERY_MS = 1000, PATIENCE_MS = 900, STALE_MS = 2000, MANY = 40, SCREENFUL = 24, BUCKETS = 288, FIRST_EVENTS = 40, ENOUGH_S = 1800;
	const NS = "http://www.w3.org/2000/svg";
	const at = id => document.getElementById(id);

	// ------------------------------------------------------------------------------------------ elements, by text only

	function put(node, properties, ...children) {
		for (const [key, value] of Object.entries(properties || {}))
			if (value !== null && value !== false)
				node.setAttribute(key, value);
		node.append(...children);
		return node;
	}
	const el = (tag, properties, ...children) => put(document.createElement(tag), properties, ...children);
	const svg = (tag, properties, ...children) => put(document.createElementNS(NS, tag), properties, ...children);
	function say(node, text) {
		if (node.textContent !== text)
			node.textContent = text;
	}
	function mark(node, key, value) {
		if (node.getAttribute(key) !== value)
			node.setAttribute(key, value);
	}

	const SHAPES = {
		up: "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1Z",
		suspect: "M6 .8 11.6 11H.4Z",
		down: "M2.6.8 6 4.2 9.4.8l1.8 1.8L7.8 6l3.4 3.4-1.8 1.8L6 7.8l-3.4 3.4L.8 9.4 4.2 6 .8 2.6Z",
		out: "M2 1.5h3v9H2ZM7 1.5h3v9H7Z",
		unknown: "M6 .8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 6 .8Zm0 2a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4Z",
	};
	const glyph = kind => svg("svg", { class: "glyph is-" + kind, viewBox: "0 0 12 12", "aria-hidden": "true" },
		svg("path", { d: SHAPES[kind], fill: "currentColor", "fill-rule": "evenodd" }));
	function reglyph(node, kind) {
		mark(node, "class", "glyph is-" + kind);
		mark(node.firstChild, "d", SHAPES[kind]);
	}

	// ------------------------------------------------------------------------------------------------ times and numbers

	function span(seconds) {
		const s = Math.max(0, Math.floor(seconds));
		if (s < 60) return s + " s";
		if (s < 3600) return Math.floor(s / 60) + " min" + (s < 600 && s % 60 ? " " + s % 60 + " s" : "");
		if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
		return Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
	}
	function micros(us) {
		if (us < 1000) return us + " µs";
		const value = us < 1e6 ? us / 1000 : us / 1e6;
		return (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)) + (us < 1e6 ? " ms" : " s");
	}
	const two = number => String(number).padStart(2, "0");
	function clock(seconds, withSeconds = true) {
		const date = new Date(seconds * 1000);
		return two(date.getHours()) + ":" + two(date.getMinutes()) + (withSeconds ? ":" + two(date.getSeconds()) : "");
	}
	function day(seconds) {
		const date = new Date(seconds * 1000);
		return date.getFullYear() + "-" + two(date.getMonth() + 1) + "-" + two(date.getDate());
	}
	const plural = (count, one, many) => count + " " + (count === 1 ? one : many || one + "s");
	const listed = names => names.length < 3 ? names.join(" and ") : names.slice(0, 2).join(", ") + " and " + (names.length - 2) + " more";

	// ----------------------------------------------------------------------------------------------- what a state is

	function kindOf(candidate) {
		if (candidate.operator !== "ready") return "out";
		return candidate.verdict in SHAPES ? candidate.verdict : "unknown";
	}
	const shapeOf = candidate => kindOf(candidate) === "up" && (candidate.doubted || candidate.held) ? "suspect" : kindOf(candidate);
	const wordOf = candidate => candidate.operator === "ready" ? candidate.verdict : candidate.operator;
	function flagsOf(candidate, now) {
		const flags = [];
		if (candidate.operator !== "ready") flags.push(candidate.verdict);
		if (candidate.doubted) flags.push("doubted");
		if (candidate.held) flags.push(candidate.held_until ? "held, " + span(candidate.held_until - now) + " more" : "held for an operator");
		return flags.join(", ");
	}
	function conditionOf(service) {
		if (!service.usable) return "down";
		const kinds = service.candidates.map(shapeOf);
		return ["down", "suspect", "unknown", "out"].find(kind => kinds.includes(kind)) || "up";
	}

	// The one sentence: [shape, sentence, advice].
	function sentenceOf(status) {
		const services = status.services, all = services.flatMap(service => service.candidates.map(it => ({ service, it })));
		const dead = services.filter(service => !service.usable), down = all.filter(({ it }) => kindOf(it) === "down");
		const doubtful = all.filter(({ it }) => shapeOf(it) === "suspect"), out = all.filter(({ it }) => kindOf(it) === "out");
		const fresh = all.filter(({ it }) => kindOf(it) === "unknown"), lost = status.uplinks.filter(uplink => uplink.down);
		const off = services.filter(service => service.off), certificates = all.filter(({ it }) => it.certificate_warns);
		const name = ({ service, it }) => it.name + " of " + service.name;
		const also = [];
		if (lost.length) also.push("Uplink " + listed(lost.map(uplink => uplink.name)) + " is down.");
		if (out.length) also.push(listed(out.map(name)) + (out.length === 1 ? " is" : " are") + " out by an operator's word.");
		if (certificates.length) also.push("The certificate of " + listed(certificates.map(name)) + " ends soon.");
		const tail = also.join(" ");
		if (dead.length)
			return ["down", "No candidate of " + listed(dead.map(service => service.name)) + " is usable", "Connections are tried all the same, as all-down says. " + tail];
		if (status.off)
			return ["out", "Failover is off for all services", "By an operator's word: programs connect where they asked. mpfailoverctl on ends that. " + tail];
		if (off.length)
			return ["out", "Failover is off for " + listed(off.map(service => service.name)), "By an operator's word. " + tail];
		if (down.length)
			return ["suspect", listed(down.map(name)) + (down.length === 1 ? " is" : " are") + " down", "Every service has a usable candidate; connections go there. " + tail];
		if (lost.length)
			return ["suspect", "Uplink " + listed(lost.map(uplink => uplink.name)) + " is down", "Every service has a usable candidate."];
		if (doubtful.length)
			return ["suspect", listed(doubtful.map(name)) + (doubtful.length === 1 ? " is" : " are") + " in doubt", "Every service has a usable candidate. " + tail];
		if (certificates.length)
			return ["suspect", "A certificate ends soon", tail];
		if (fresh.length)
			return ["unknown", "The first checks are under way", plural(fresh.length, "candidate") + " not yet tried."];
		return ["up", "Everything is up", plural(services.length, "service") + ", " + plural(all.length, "candidate") + ". " + tail];
	}

	// ----------------------------------------------------------------------------------------------------- 24 hours

	const NAMES = { u: "up", o: "out", "?": "not tried", s: "suspect", d: "down", ".": "not recorded" };
	const HEIGHTS = { u: 9, o: 9, "?": 5, s: 15, d: 24 };
	const past = { byKey: new Map(), at: 0, elapsed: 0, bucket: 300, asked: 0 };
	const keyOf = (service, it) => JSON.stringify([service, it.name, it.address, it.port, it.uplink]);

	const timeOf = index => past.at - past.elapsed - (BUCKETS - 1 - index) * past.bucket;
	const between = (first, end) => clock(timeOf(first), false) + " to " + (end === BUCKETS ? "now" : clock(timeOf(end), false));

	function runs(strip) {
		const found = [];
		for (let i = 0; i < strip.length; i++)
			if (i && strip[i] === strip[i - 1]) found[found.length - 1].end = i + 1;
			else found.push({ letter: strip[i], first: i, end: i + 1 });
		return found.filter(run => run.letter !== ".");
	}
	function shareOf(history) {
		const seconds = { u: 0, o: 0, "?": 0, s: 0, d: 0 }, order = ["u", "o", "?", "s", "d"];
		for (let i = 0; i < history.strip.length; i++) {
			const mixed = history.mixed[i];
			if (mixed) order.forEach((letter, j) => { seconds[letter] += mixed[j]; });
			else if (history.strip[i] !== ".") seconds[history.strip[i]] += past.bucket;
		}
		const sum = Object.values(seconds).reduce((a, b) => a + b, 0);
		return sum >= ENOUGH_S ? { up: seconds.u / sum } : null;
	}
	const percent = share => (share === 1 ? "100" : Math.min(99.99, share * 100).toFixed(share > .999 ? 2 : 1)) + " %";
	function drawStrip(node, history) {
		const parts = history ? runs(history.strip) : [], share = history && shareOf(history);
		const bad = parts.filter(run => run.letter === "d").map(run => between(run.first, run.end));
		mark(node, "aria-label", !share ? "Not much recorded yet" + (bad.length ? ", down " + listed(bad) : "") : "Last 24 hours: up " + percent(share.up) + (bad.length ? ", down " + listed(bad) : ""));
		node.replaceChildren(...parts.map(run => svg("rect", { class: run.letter === "?" ? "q" : run.letter, x: run.first, y: 24 - HEIGHTS[run.letter], width: run.end - run.first, height: HEIGHTS[run.letter] },
			svg("title", null, between(run.first, run.end) + ": " + NAMES[run.letter]))));
		return share;
	}
	function drawPlot(node, history) {
		const values = history ? history.handshake_us : [], most = Math.max(...values, 1);
		const known = values.filter(Boolean);
		let line = "", area = "", open = -1;
		values.forEach((value, i) => {
			const y = (22 - value / most * 20).toFixed(1);
			if (value && open < 0) { line += "M" + i + " " + y + "h.8"; area += "M" + i + " 24V" + y; open = i; }
			else if (value) { line += "L" + i + " " + y; area += "L" + i + " " + y; }
			if (open >= 0 && (!value || i === values.length - 1)) { area += "V24Z"; open = -1; }
		});
		mark(node.firstChild, "d", area || "M0 0");
		mark(node.lastChild, "d", line || "M0 0");
		mark(node, "aria-label", known.length ? "Handshake time, last 24 hours: " + micros(Math.min(...known)) + " to " + micros(Math.max(...history.handshake_max_us)) : "No handshake time recorded yet");
	}

	// -------------------------------------------------------------------------------------------------------- rows

	const cell = (kind, ...children) => el("div", { role: "cell", class: "cell-" + kind }, ...children);
	const second = () => el("div", { class: "second" });

	function newRow() {
		const row = { name: el("div", { class: "name" }), address: second(), glyph: glyph("unknown"), word: el("span"), flag: el("span", { class: "flag" }),
			since: second(), reason: el("div"), checked: second(), shake: el("span"), moved: el("div"), failed: second(), share: el("span"),
			plot: svg("svg", { class: "plot", viewBox: "0 0 288 24", preserveAspectRatio: "none", role: "img", "aria-label": "" }, svg("path", { class: "area" }), svg("path", null)),
			strip: svg("svg", { class: "strip", viewBox: "0 0 288 24", preserveAspectRatio: "none", role: "img", "aria-label": "" }) };
		row.node = el("div", { role: "row", class: "row" },
			el("div", { role: "rowheader", class: "cell-name" }, row.name, row.address),
			cell("state", el("span", { class: "word" }, row.glyph, row.word, row.flag), row.since),
			cell("check", row.reason, row.checked),
			cell("shake", el("div", { class: "drawn" }, el("span", null, row.shake, el("span", { class: "second label" }, "handshake")), row.plot)),
			cell("day", el("div", { class: "drawn" }, el("span", null, row.share, el("span", { class: "second label" }, "up in 24 h")), row.strip)),
			cell("moved", row.moved, row.failed));
		return row;
	}
	function fillRow(row, it, now) {
		const kind = shapeOf(it), check = it.last_check, flags = flagsOf(it, now);
		say(row.name, it.name);
		say(row.address, it.address + (it.port ? " port " + it.port : "") + (it.uplink ? " via " + it.uplink : "") + (it.origin === "file" ? "" : ", " + it.origin));
		reglyph(row.glyph, kind);
		mark(row.node, "class", "row" + (kind === "down" || kind === "suspect" ? " is-" + kind + "-row" : ""));
		mark(row.node, "data-state", wordOf(it));
		say(row.word, wordOf(it));
		mark(row.word, "class", "is-" + kind);
		say(row.flag, flags);
		say(row.since, it.since ? "for " + span(now - it.since) + (it.changes_last_hour > 3 ? ", " + it.changes_last_hour + " changes in an hour" : "") : "");
		if (it.since) mark(row.since, "title", "since " + day(it.since) + " " + clock(it.since));
		say(row.reason, check ? check.reason.text : "not checked yet");
		say(row.checked, check ? span(now - check.at) + " ago, " + micros(check.took_us) + (kind !== "up" && check.streak > 1 ? ", " + check.streak + " times" : "") + certificateOf(it, now) : "");
		say(row.shake, it.handshake_us ? micros(it.handshake_us) : "–");
		say(row.moved, it.moved ? it.moved + " moved here" : it.failed_over ? "" : "–");
		mark(row.moved.parentNode, "class", "cell-moved" + (it.moved || it.failed_over ? "" : " is-empty"));
		say(row.failed, it.failed_over ? it.failed_over + " failed" : "");
	}
	function certificateOf(it, now) {
		if (!it.certificate_until || !it.certificate_warns) return "";
		return it.certificate_until > now ? "; certificate ends in " + span(it.certificate_until - now) : "; certificate has ended";
	}
	function drawRow(row, history) {
		const share = drawStrip(row.strip, history);
		drawPlot(row.plot, history);
		say(row.share, share ? percent(share.up) : "–");
	}

	// ----------------------------------------------------------------------------------------------------- services

	const HEADS = ["Candidate", "State", "Last check", "Handshake", "Up in the last 24 hours", "Clients"];
	const cards = new Map();
	const view = { only: "all", find: "", status: null, many: false };

	// Rows exist for what is open and near: a thousand candidates cost as much as a screenful.
	const near = new IntersectionObserver(entries => {
		for (const entry of entries) {
			entry.target.card.near = entry.isIntersecting;
			fillCard(entry.target.card);
		}
	}, { rootMargin: "400px" });

	function newCard(name, isNear) {
		const card = { name, rows: new Map(), near: isNear, wish: null, glyph: glyph("unknown"), usable: el("span", { class: "usable" }), hosts: el("span", { class: "hosts second" }),
			marks: svg("svg", { class: "marks", "aria-hidden": "true", viewBox: "0 0 0 12" }), list: null, tag: el("span", { class: "tag is-out", hidden: "" }), body: el("div", { class: "table", role: "table" }) };
		card.button = el("button", { type: "button", "aria-expanded": "false" }, svg("svg", { class: "turn", viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("path", { d: "M3 1l4 4-4 4", fill: "none", stroke: "currentColor", "stroke-width": "1.6" })),
			el("span", { class: "name" }, name, " ", card.tag), card.hosts, card.marks, card.usable);
		card.node = el("section", { class: "service", "aria-label": name }, el("h3", null, card.button), card.body);
		mark(card.body, "aria-label", "Candidates of " + name);
		card.node.card = card;
		card.button.addEventListener("click", () => { card.wish = card.button.getAttribute("aria-expanded") !== "true"; fillCard(card); });
		near.observe(card.node);
		return card;
	}
	const shown = (card, it) => (view.only === "all" || view.only === shapeOf(it)) &&
		(!view.find || (card.name + " " + it.name + " " + it.address + " " + (it.uplink || "")).toLowerCase().includes(view.find));
	const sought = () => view.only !== "all" || view.find;

	// A candidate is a mark, in the order of the file.
	function fillMarks(node, kinds) {
		while (node.childElementCount > kinds.length) node.lastChild.remove();
		while (node.childElementCount < kinds.length) node.append(svg("path", { fill: "currentColor", "fill-rule": "evenodd", transform: "translate(" + node.childElementCount * 15 + ")" }));
		kinds.forEach((kind, i) => { mark(node.children[i], "d", SHAPES[kind]); mark(node.children[i], "class", "is-" + kind); });
		mark(node, "viewBox", "0 0 " + (kinds.length * 15 - 3) + " 12");
	}
	function fillCard(card) {
		const service = card.service, now = view.now, condition = conditionOf(service);
		const list = service.candidates.filter(it => shown(card, it));
		const open = card.wish !== null ? card.wish : sought() || !view.many || condition === "down" || condition === "suspect";
		card.node.hidden = !list.length;
		mark(card.node, "class", "service" + (!service.usable ? " is-bad" : condition === "down" || condition === "suspect" ? " is-doubtful" : ""));
		mark(card.button, "aria-expanded", String(open));
		card.body.hidden = !open;
		if (open && !card.list) card.body.style.height = list.length * 3.4 + "rem";
		if (!card.near) return;
		say(card.hosts, service.hosts.join(", ") + (service.ports.length ? (service.hosts.length ? ", " : "") + "port " + service.ports.join(", ") : ""));
		say(card.usable, service.usable + " of " + service.candidates.length + " usable");
		mark(card.usable, "class", "usable" + (service.usable ? "" : " is-down"));
		card.tag.hidden = !(service.off || service.stale);
		say(card.tag, service.off ? "off" : service.stale ? "stale" : "");
		fillMarks(card.marks, service.candidates.map(shapeOf));
		if (open) fillRows(card, list, now);
	}
	function fillRows(card, list, now) {
		const gone = new Set(card.rows.keys());
		if (!card.list) {
			card.list = el("div", { role: "rowgroup" });
			card.body.append(el("div", { role: "rowgroup" }, el("div", { role: "row", class: "row head" }, ...HEADS.map(text => el("div", { role: "columnheader" }, text)))), card.list);
			card.body.style.height = "";
		}
		list.forEach((it, i) => {
			const key = keyOf(card.name, it);
			let row = card.rows.get(key);
			gone.delete(key);
			if (!row) {
				row = newRow();
				card.rows.set(key, row);
			}
			const history = past.byKey.get(key);
			if (row.history !== history || row.drawn !== past.at) {
				drawRow(row, history);
				row.history = history;
				row.drawn = past.at;
			}
			fillRow(row, it, now);
			if (card.list.children[i] !== row.node) card.list.insertBefore(row.node, card.list.children[i] || null);
		});
		for (const key of gone) {
			card.rows.get(key).node.remove();
			card.rows.delete(key);
		}
	}
	function fillServices(status) {
		const gone = new Set(cards.keys());
		let any = false, lines = 0;
		status.services.forEach((service, i) => {
			let card = cards.get(service.name);
			gone.delete(service.name);
			if (!card) cards.set(service.name, card = newCard(service.name, lines < SCREENFUL));
			card.service = service;
			fillCard(card);
			lines += card.body.hidden ? 1 : service.candidates.length;
			any = any || !card.node.hidden;
			if (at("services").children[i] !== card.node) at("services").insertBefore(card.node, at("services").children[i] || null);
		});
		for (const name of gone) {
			near.unobserve(cards.get(name).node);
			cards.get(name).node.remove();
			cards.delete(name);
		}
		at("nothing").hidden = any;
	}

	// ------------------------------------------------------------------------------------- counts, uplinks, events

	const COUNTS = [["all", "candidates"], ["up", "up"], ["suspect", "in doubt"], ["down", "down"], ["out", "out"], ["unknown", "not tried"]];
	const buttons = new Map();
	function fillCounts(status) {
		const all = status.services.flatMap(service => service.candidates), number = { all: all.length };
		for (const it of all) number[shapeOf(it)] = (number[shapeOf(it)] || 0) + 1;
		for (const [kind, word] of COUNTS) {
			let button = buttons.get(kind);
			if (!button) {
				button = { count: el("b"), node: null };
				button.node = el("button", { type: "button", "aria-pressed": "false" }, ...(kind === "all" ? [] : [glyph(kind)]), button.count, el("span", null, word));
				button.node.addEventListener("click", () => { view.only = view.only === kind ? "all" : kind; show(); });
				buttons.set(kind, button);
				at("counts").append(button.node);
			}
			say(button.count, String(number[kind] || 0));
			mark(button.node, "aria-pressed", String(view.only === kind));
			button.node.hidden = kind !== "all" && !number[kind] && view.only !== kind;
		}
		at("counts").hidden = false;
		at("finder").hidden = all.length < 20 && !view.find;
	}
	function fillUplinks(status, now) {
		at("uplinks").hidden = !status.uplinks.length;
		if (!at("uplink-rows").role) put(at("uplink-rows"), { role: "table", "aria-labelledby": "uplinks-heading" });
		const all = status.services.flatMap(service => service.candidates);
		at("uplink-rows").replaceChildren(...status.uplinks.map(uplink => {
			const through = all.filter(it => it.uplink === uplink.name), up = through.filter(it => it.verdict === "up").length;
			const kind = uplink.down ? "down" : "up";
			return el("div", { role: "row", class: "row uplink" + (uplink.down ? " is-down-row" : "") },
				el("div", { role: "rowheader", class: "name" }, uplink.name),
				el("div", { role: "cell" }, el("span", { class: "word is-" + kind }, glyph(kind), kind)),
				el("div", { role: "cell", class: "second" }, [up + " of " + plural(through.length, "candidate") + " up", uplink.source, uplink.interface, uplink.since ? "for " + span(now - uplink.since) : null].filter(Boolean).join(" · ")));
		}));
	}
	const TOLD = ["at_ms", "event", "service", "candidate", "msg", "from", "to", "reason", "address", "port", "handshake_us"];
	function eventText(event) {
		const about = [event.service, event.candidate].filter(Boolean).join("/");
		const change = event.to ? event.from + " → " + event.to : "", rest = Object.keys(event).filter(key => !TOLD.includes(key));
		return [about || event.uplink, change, event.reason, event.msg, ...rest.filter(key => key !== "uplink" || about).map(key => key.replaceAll("_", " ") + " " + event[key])].filter(Boolean).join(", ");
	}
	let events = [], everyEvent = false;
	function fillEvents() {
		const newest = events.slice(everyEvent ? 0 : -FIRST_EVENTS).reverse(), today = day(Date.now() / 1000);
		at("event-rows").replaceChildren(...(newest.length ? newest : [null]).map(event => {
			if (!event) return el("li", { class: "none" }, "Nothing has happened since the daemon was started.");
			const kind = event.to in SHAPES ? event.to : event.event === "all-down" || event.event === "uplink-down" ? "down" : null, seconds = event.at_ms / 1000;
			return el("li", null, el("time", { datetime: new Date(event.at_ms).toISOString() }, (day(seconds) === today ? "" : day(seconds) + " ") + clock(seconds)), el("span", { class: "kind" }, event.event),
				el("span", { class: "what" }, ...(kind ? [glyph(kind), " "] : []), eventText(event)));
		}));
		at("more").hidden = everyEvent || events.length <= FIRST_EVENTS;
	}

	// ------------------------------------------------------------------------------------------------- the whole page

	function paintIcon(kind) {
		const colour = { up: "#1f9d5f", suspect: "#d48b0c", down: "#d2463d", out: "#6a6dd0", unknown: "#888" }[kind];
		mark(at("icon"), "href", "data:image/svg+xml," + encodeURIComponent('<svg xmlns="' + NS + '" viewBox="0 0 12 12"><path fill="' + colour + '" fill-rule="evenodd" d="' + SHAPES[kind] + '"/></svg>'));
	}
	function headline(kind, sentence, advice) {
		if (!at("shape").firstChild) at("shape").append(glyph(kind));
		reglyph(at("shape").firstChild, kind);
		say(at("sentence"), sentence);
		say(at("advice"), advice.trim());
		say(document.querySelector("title"), sentence + " – mpfailover");
		paintIcon(kind);
	}
	function show() {
		const status = view.status;
		if (!status) return;
		view.now = status.at;
		view.many = status.services.reduce((sum, service) => sum + service.candidates.length, 0) > MANY;
		fillCounts(status);
		fillServices(status);
		fillUplinks(status, view.now);
		say(at("where"), location.host + " · " + day(status.at) + " " + clock(status.at));
		say(at("facts"), "mpfailoverd " + status.daemon.version + ", process " + status.daemon.pid + ". Configuration " + status.configuration.file + ", loaded " + span(view.now - status.configuration.loaded) + " ago. Table " + status.table + ".");
	}

	// -------------------------------------------------------------------------------------------------------- asking

	const seen = { at_ms: 0, words: "", gone: false };
	async function ask(path, patience) {
		const response = await fetch(path, { cache: "no-cache", signal: AbortSignal.timeout(patience) });
		const object = await response.json();
		if (object.error) throw new Error(object.error);
		return object;
	}
	async function askHistory() {
		past.asked = performance.now();
		const history = await ask("history.json", 5000);
		past.byKey = new Map(history.candidates.map(it => [keyOf(it.service, it), it]));
		Object.assign(past, { at: history.at, elapsed: history.elapsed_s, bucket: history.bucket_s });
		show();
	}
	async function askEvents() {
		events = (await ask("events.json", 2000)).events;
		fillEvents();
	}
	function lost(why) {
		const since = new Date(seen.at_ms || Date.now()).getTime() / 1000;
		document.body.classList.add("is-gone");
		at("gone").hidden = false;
		if (!seen.gone) at("gone").replaceChildren("The daemon is gone", el("span"));
		say(at("gone").lastChild, (view.status ? "Not heard of since " + clock(since) + ". Below is what was known then; programs go on by it, as when-stale says." : "It has not answered yet.") + (why ? " (" + why + ")" : ""));
		if (!seen.gone) headline("down", "The daemon is gone", "See to mpfailoverd: systemctl status mpfailoverd, journalctl -u mpfailoverd.");
		seen.gone = true;
	}
	function found(status) {
		view.status = status;
		show();
		if (!status.daemon.alive || status.daemon.heartbeat_age_ms > STALE_MS) {
			lost("no heartbeat for " + Math.round(status.daemon.heartbeat_age_ms / 1000) + " s");
			return;
		}
		seen.at_ms = Date.now();
		seen.gone = false;
		document.body.classList.remove("is-gone");
		at("gone").hidden = true;
		headline(...sentenceOf(status));
		at("beat").classList.remove("is-on");
		void at("beat").offsetWidth;
		at("beat").classList.add("is-on");
	}
	async function more(status) {
		const words = JSON.stringify(status.services.map(service => service.candidates.map(it => [it.verdict, it.operator, it.since])));
		const age = performance.now() - past.asked;
		if (!past.asked || age > 60000 || (words !== seen.words && age > 6000)) await askHistory();
		seen.words = words;
		await askEvents();
	}
	let timer = 0, asking = false;
	async function turn() {
		if (asking || document.hidden) return;
		const start = performance.now();
		asking = true;
		clearTimeout(timer);
		try {
			const status = await (first || ask("status.json", PATIENCE_MS));
			const delay_ms = first ? 60 : 0; // the first paint comes first
			first = null;
			found(status);
			setTimeout(() => more(status).catch(() => {}), delay_ms);
		} catch (error) {
			first = null;
			lost(error instanceof TypeError || error.name === "TimeoutError" ? "" : error.message);
		}
		asking = false;
		timer = setTimeout(turn, Math.max(100, EVERY_MS - (performance.now() - start)));
	}
	// The first answer is asked for while the rest of the document is still on its way.
	let first = ask("status.json", 5000);
	first.catch(() => {});
	document.addEventListener("visibilitychange", turn);
	document.addEventListener("DOMContentLoaded", () => {
		at("find").addEventListener("input", () => { view.find = at("find").value.trim().toLowerCase(); show(); });
		at("more").addEventListener("click", () => { everyEvent = true; fillEvents(); });
		turn();
	});
})();
