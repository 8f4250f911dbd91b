/* A picture that can be scribbled on with mouse, pen, finger or keys. A stroke is drawn here while it is made, and sent
   when the brush is lifted; then the server's own painting takes its place, so what is seen is what the models see. */
const SMOOTH_STEPS = 4;
const CLOSEST = 0.002;
const LONGEST = 700;
const KEY_STEP = 0.01;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function smoothed(points) {
  if (points.length < 3) return points;
  const middle = ([a, b], [c, d]) => [(a + c) / 2, (b + d) / 2];
  const smooth = [points[0]];
  for (let place = 1; place < points.length - 1; place++) {
    const [from, by, to] = [middle(points[place - 1], points[place]), points[place], middle(points[place], points[place + 1])];
    for (let step = 0; step < SMOOTH_STEPS; step++) {
      const t = step / SMOOTH_STEPS;
      const mix = (axis) => (1 - t) ** 2 * from[axis] + 2 * t * (1 - t) * by[axis] + t ** 2 * to[axis];
      smooth.push([mix(0), mix(1)]);
    }
  }
  smooth.push(points[points.length - 1]);
  return smooth;
}

export default {
  template: `
    <div class="mk-board">
      <div class="mk-row mk-brush">
        <fieldset class="mk-swatches">
          <legend>{{ words.colour }}</legend>
          <label v-for="each in words.colours" :key="each[0]" :title="each[1]">
            <input type="radio" :name="'colour-' + name" :value="each[0]" v-model="colour">
            <span class="mk-swatch" :style="{ background: each[0] }"></span><span class="mk-unseen">{{ each[1] }}</span>
          </label>
          <input type="color" v-model="colour" :aria-label="words.other_colour" :title="words.other_colour">
        </fieldset>
        <label class="mk-width">{{ words.width }}
          <input type="range" min="0.5" max="15" step="0.5" v-model.number="percent">
          <span class="mk-number">{{ percent.toFixed(1) }} %</span>
        </label>
      </div>
      <div class="mk-board-place" :style="shape">
        <img :src="src" :alt="words.picture" draggable="false" @load="painted_anew">
        <canvas ref="canvas" tabindex="0" role="application" :aria-label="words.board" :aria-describedby="'keys-' + name"
          @pointerdown="begin" @pointermove="go" @pointerup="lift" @pointercancel="lift" @keydown="key"
          @blur="leave" @contextmenu.prevent></canvas>
      </div>
      <p class="mk-hint" :id="'keys-' + name">{{ words.keys }}</p>
      <p class="mk-unseen" role="status" aria-live="polite">{{ said }}</p>
    </div>`,
  props: { src: String, shape: String, painted: Number, words: Object },
  emits: ["stroke", "undo"],
  data: () => ({ colour: "#d62718", percent: 2, said: "", name: Math.random().toString(36).slice(2) }),
  created() {
    this.waiting = []; // strokes that the server has not painted yet
    this.points = null; // of the stroke that is being made
    this.cursor = null; // where the keys are
    this.penDown = false;
    this.serial = this.painted;
  },
  mounted() {
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.$refs.canvas);
    this.onKey = (event) => {
      const typing = event.target.closest?.("input:not([type=range]):not([type=radio]):not([type=color]), textarea, [contenteditable]");
      if (typing || event.shiftKey || event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      if (this.penDown || this.points) this.drop();
      else this.$emit("undo");
    };
    window.addEventListener("keydown", this.onKey);
  },
  beforeUnmount() {
    this.watcher.disconnect();
    window.removeEventListener("keydown", this.onKey);
  },
  methods: {
    painted_anew() {
      this.waiting = this.waiting.filter((stroke) => stroke.serial > this.painted);
      this.draw();
    },
    place(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    },
    begin(event) {
      if (event.button !== 0 || this.points) return;
      this.$refs.canvas.setPointerCapture(event.pointerId);
      this.pointer = event.pointerId;
      this.cursor = null;
      this.points = [this.place(event)];
      this.draw();
    },
    go(event) {
      if (!this.points || this.penDown || event.pointerId !== this.pointer) return;
      const moves = event.getCoalescedEvents?.() ?? [];
      for (const each of moves.length ? moves : [event]) this.extend(this.place(each));
      this.draw();
    },
    extend(point) {
      const last = this.points[this.points.length - 1];
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) < CLOSEST) return;
      this.points.push(point);
      if (this.points.length >= LONGEST) {
        this.send();
        this.points = [point];
      }
    },
    lift(event) {
      if (!this.points || this.penDown || event.pointerId !== this.pointer) return;
      if (event.type === "pointerup") this.extend(this.place(event));
      this.send();
    },
    send() {
      const stroke = { points: smoothed(this.points), width: this.percent / 100, colour: this.colour, serial: ++this.serial };
      this.points = null;
      this.waiting.push(stroke);
      this.$emit("stroke", stroke);
      this.draw();
    },
    drop() {
      this.points = null;
      this.penDown = false;
      this.said = this.words.pen_up;
      this.draw();
    },
    leave() {
      if (this.penDown) this.raise();
      this.cursor = null;
      this.draw();
    },
    raise() {
      this.penDown = false;
      this.said = this.words.pen_up;
      this.send();
    },
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const move = MOVES[event.key];
      if (move) {
        const step = KEY_STEP * (event.shiftKey ? 5 : 1);
        const [x, y] = this.cursor ?? [0.5, 0.5];
        const within = (value) => Math.min(1, Math.max(0, value));
        this.cursor = [within(x + move[0] * step), within(y + move[1] * step)];
        if (this.penDown) this.extend(this.cursor);
        const share = (value) => Math.round(value * 100);
        this.said = this.words.at.replace("{x}", share(this.cursor[0])).replace("{y}", share(this.cursor[1]));
      } else if (event.key === " ") {
        this.cursor ??= [0.5, 0.5];
        if (this.penDown) this.raise();
        else {
          this.penDown = true;
          this.points = [this.cursor];
          this.said = this.words.pen_down;
        }
      } else if (event.key === "Escape" && this.penDown) this.drop();
      else return;
      event.preventDefault();
      this.draw();
    },
    draw() {
      const canvas = this.$refs.canvas;
      if (!canvas) return;
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      const fine = window.devicePixelRatio || 1;
      if (canvas.width !== Math.round(width * fine) || canvas.height !== Math.round(height * fine)) {
        canvas.width = Math.round(width * fine);
        canvas.height = Math.round(height * fine);
      }
      const brush = canvas.getContext("2d");
      brush.setTransform(fine, 0, 0, fine, 0, 0);
      brush.clearRect(0, 0, width, height);
      brush.lineCap = brush.lineJoin = "round";
      const now = this.points ? [{ points: smoothed(this.points), width: this.percent / 100, colour: this.colour }] : [];
      for (const stroke of [...this.waiting, ...now]) {
        brush.strokeStyle = stroke.colour;
        brush.lineWidth = Math.max(1, stroke.width * Math.min(width, height));
        brush.beginPath();
        stroke.points.forEach(([x, y], number) => (number ? brush.lineTo(x * width, y * height) : brush.moveTo(x * width, y * height)));
        if (stroke.points.length === 1) brush.lineTo(stroke.points[0][0] * width, stroke.points[0][1] * height);
        brush.stroke();
      }
      if (this.cursor) this.drawCursor(brush, this.cursor[0] * width, this.cursor[1] * height, Math.min(width, height));
    },
    drawCursor(brush, x, y, side) {
      const radius = Math.max(6, (this.percent / 200) * side);
      for (const [colour, line] of [["#000", 4], ["#fff", 2]]) {
        brush.strokeStyle = colour;
        brush.lineWidth = line;
        brush.setLineDash(this.penDown ? [] : [4, 4]);
        brush.beginPath();
        brush.arc(x, y, radius, 0, 2 * Math.PI);
        brush.stroke();
      }
      brush.setLineDash([]);
    },
  },
};
