using System.Text.Json.Serialization;
using Millrace.Worker.Status;

namespace Millrace.Worker.Endpoints;

/// <summary>Everything the API answers, as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(Health))]
[JsonSerializable(typeof(Readiness))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(WorkerProcessStatus))]
internal sealed partial class ApiJson : JsonSerializerContext;
