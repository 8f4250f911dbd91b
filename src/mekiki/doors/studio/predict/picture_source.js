/* Where a picture comes from: chosen, dropped anywhere on the page, pasted, or photographed. It is sent as bytes; the
   server decodes it. What goes wrong is told in one line. */
export default {
  template: `
    <div class="mk-source" :class="{ 'mk-source-over': over, 'mk-source-small': small }">
      <div class="mk-row">
        <button type="button" class="mk-press mk-press-strong" @click="$refs.file.click()" :disabled="busy">{{ words.choose }}</button>
        <button type="button" class="mk-press" @click="openCamera" :disabled="busy || filming">{{ words.camera }}</button>
        <slot></slot>
      </div>
      <input ref="file" type="file" accept="image/*" class="mk-unseen" tabindex="-1" aria-hidden="true" @change="chosen">
      <p class="mk-hint">{{ busy ? words.sending : words.drop }}</p>
      <div v-if="filming" class="mk-camera">
        <video ref="video" autoplay playsinline muted :aria-label="words.camera_view"></video>
        <div class="mk-row">
          <button type="button" class="mk-press mk-press-strong" @click="shoot">{{ words.shoot }}</button>
          <button type="button" class="mk-press" @click="closeCamera">{{ words.close }}</button>
        </div>
      </div>
      <p class="mk-error" role="alert">{{ trouble }}</p>
    </div>`,
  props: { address: String, words: Object, small: Boolean },
  emits: ["came"],
  data: () => ({ over: false, busy: false, filming: false, trouble: "" }),
  mounted() {
    this.on = {
      dragover: (event) => {
        if (![...event.dataTransfer.types].includes("Files")) return;
        event.preventDefault();
        this.over = true;
      },
      dragleave: (event) => {
        if (!event.relatedTarget) this.over = false;
      },
      drop: (event) => {
        this.over = false;
        if (!event.dataTransfer.files.length) return;
        event.preventDefault();
        this.send(event.dataTransfer.files[0]);
      },
      paste: (event) => {
        const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
        if (!file) return;
        event.preventDefault();
        this.send(file);
      },
    };
    for (const [name, handler] of Object.entries(this.on)) window.addEventListener(name, handler);
  },
  beforeUnmount() {
    for (const [name, handler] of Object.entries(this.on)) window.removeEventListener(name, handler);
    this.closeCamera();
  },
  methods: {
    chosen(event) {
      if (event.target.files.length) this.send(event.target.files[0]);
      event.target.value = "";
    },
    async send(file) {
      if (this.busy) return;
      this.busy = true;
      this.trouble = "";
      try {
        const headers = { "content-type": "application/octet-stream", "x-name": encodeURIComponent(file.name || "picture") };
        const response = await fetch(this.address, { method: "POST", body: file, headers });
        if (!response.ok) throw new Error(await response.text());
        const answer = await response.json();
        if (answer.error) this.trouble = answer.hint ? `${answer.error} (${answer.hint})` : answer.error;
        else {
          this.closeCamera();
          this.$emit("came", answer.sheet);
        }
      } catch (error) {
        this.trouble = this.words.not_sent.replace("{reason}", error.message.trim());
      }
      this.busy = false;
    },
    async openCamera() {
      this.trouble = "";
      if (!navigator.mediaDevices?.getUserMedia) {
        this.trouble = this.words.camera_insecure;
        return;
      }
      try {
        this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      } catch (error) {
        this.trouble = error.name === "NotAllowedError" ? this.words.camera_refused : this.words.camera_absent;
        return;
      }
      this.filming = true;
      await this.$nextTick();
      this.$refs.video.srcObject = this.stream;
    },
    shoot() {
      const video = this.$refs.video;
      if (!video.videoWidth) return;
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      canvas.toBlob((blob) => this.send(new File([blob], `${this.words.camera_name}.jpg`)), "image/jpeg", 0.95);
    },
    closeCamera() {
      for (const track of this.stream?.getTracks() ?? []) track.stop();
      this.stream = null;
      this.filming = false;
    },
  },
};
