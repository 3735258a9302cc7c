// The published codec as a handle that can be closed.
#include "turboquant/published.h"

#include <memory>

#include "exports.hpp"
#include "in_background.hpp"

namespace tq::addon {
namespace {

class PublishedHandle : public Napi::ObjectWrap<PublishedHandle> {
  public:
    static Napi::Function define(Napi::Env env) {
        return DefineClass(env, "PublishedCodec",
                           {InstanceMethod<&PublishedHandle::encode>("encode"),
                            InstanceMethod<&PublishedHandle::encode_in_background>("encodeInBackground"),
                            InstanceMethod<&PublishedHandle::reconstruct>("reconstruct"),
                            InstanceMethod<&PublishedHandle::scores>("scores"),
                            InstanceMethod<&PublishedHandle::vector_bytes>("vectorBytes"),
                            InstanceMethod<&PublishedHandle::close>("close")});
    }

    // (headDim, bits, rotation, scale, residual, seed): the enumerations as their numbers
    explicit PublishedHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PublishedHandle>(info) {
        const auto number = [&](int at) { return info[at].As<Napi::Number>().Int32Value(); };
        PublishedSpec spec;
        spec.head_dim = number(0);
        spec.bits = number(1);
        spec.rotation = static_cast<RotationKind>(number(2));
        spec.scale = static_cast<ScaleKind>(number(3));
        spec.residual = static_cast<ResidualKind>(number(4));
        spec.seed = static_cast<uint64_t>(info[5].As<Napi::Number>().Int64Value());
        auto codec = std::make_shared<PublishedCodec>();
        check(info.Env(), PublishedCodec::create(spec, codec.get()));
        codec_ = std::move(codec);
    }

  private:
    const PublishedCodec& open(Napi::Env env) const {
        if (codec_ != nullptr) return *codec_;
        Napi::Error error = Napi::Error::New(env, "This codec has been closed.");
        error.Set("code", Napi::String::New(env, "TQ_CLOSED"));
        throw error;
    }

    Napi::Value encode(const Napi::CallbackInfo& info) {
        const PublishedCodec& codec = open(info.Env());
        const auto in = info[0].As<Napi::Float32Array>();
        const size_t vectors = rows_of(info.Env(), in.ElementLength(), codec.spec().head_dim);
        Napi::Uint8Array out = Napi::Uint8Array::New(info.Env(), vectors * codec.vector_bytes());
        check(info.Env(), codec.encode(in.Data(), vectors, out.Data()));
        return out;
    }

    Napi::Value encode_in_background(const Napi::CallbackInfo& info) {
        const PublishedCodec& codec = open(info.Env());
        const auto in = info[0].As<Napi::Float32Array>();
        const size_t vectors = rows_of(info.Env(), in.ElementLength(), codec.spec().head_dim);
        std::vector<float> copy(in.Data(), in.Data() + in.ElementLength());
        // The thread holds the codec too: it may be closed, or collected, meanwhile.
        return BackgroundWork<uint8_t>::start(
            info.Env(), [codec = codec_, vectors, copy = std::move(copy)](std::vector<uint8_t>& out) {
                out.resize(vectors * codec->vector_bytes());
                return codec->encode(copy.data(), vectors, out.data());
            });
    }

    Napi::Value reconstruct(const Napi::CallbackInfo& info) {
        const PublishedCodec& codec = open(info.Env());
        const auto in = info[0].As<Napi::Uint8Array>();
        const size_t vectors = rows_of(info.Env(), in.ElementLength(), codec.vector_bytes());
        Napi::Float32Array out = Napi::Float32Array::New(info.Env(), vectors * codec.spec().head_dim);
        codec.reconstruct(in.Data(), vectors, out.Data());
        return out;
    }

    Napi::Value scores(const Napi::CallbackInfo& info) {
        const PublishedCodec& codec = open(info.Env());
        const auto query = info[0].As<Napi::Float32Array>();
        const auto in = info[1].As<Napi::Uint8Array>();
        if (query.ElementLength() != static_cast<size_t>(codec.spec().head_dim)) throw error_of(info.Env(), TQ_WRONG_LENGTH);
        const size_t vectors = rows_of(info.Env(), in.ElementLength(), codec.vector_bytes());
        Napi::Float32Array out = Napi::Float32Array::New(info.Env(), vectors);
        codec.scores(query.Data(), in.Data(), vectors, out.Data());
        return out;
    }

    Napi::Value vector_bytes(const Napi::CallbackInfo& info) {
        return Napi::Number::New(info.Env(), static_cast<double>(open(info.Env()).vector_bytes()));
    }

    void close(const Napi::CallbackInfo&) { codec_.reset(); }

    std::shared_ptr<const PublishedCodec> codec_;
};

}  // namespace

void export_published_codec(Napi::Env env, Napi::Object exports) {
    exports.Set("PublishedCodec", PublishedHandle::define(env));
}

}  // namespace tq::addon
