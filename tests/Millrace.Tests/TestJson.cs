using System.Text.Json.Serialization;

namespace Millrace.Tests;

internal sealed record Named(string Name);

[JsonSerializable(typeof(Named))]
internal sealed partial class TestJson : JsonSerializerContext;
